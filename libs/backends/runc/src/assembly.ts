import type { BackendEvent } from '@crihub/contract';
import type { Clock, ContainerId, Logger, SandboxId } from '@crihub/kernel';
import type { Cgroups, HostFacts, Mounts, PinnedNamespaces } from '@crihub/linux';
import {
  ContainerDriver,
  type ContainerRecord,
  containerRecord,
  JsonRecords,
  LocalExecutor,
  PauseProcess,
  type Preparation,
} from '@crihub/service-oci-containers';
import {
  type CdiResolver,
  ContainerSpecs,
  hostFeaturesOf,
  SandboxNamespaces,
  sandboxPaths,
  specHostOf,
} from '@crihub/service-sandbox';
import { Programs } from './health/programs.ts';
import { RuncHealth } from './health/runc-health.ts';
import { stolenControllersOf } from './health/stolen-controllers.ts';
import { Layout } from './layout.ts';
import type { RuncOptions, RuncPlacement } from './options.ts';
import { type SandboxRecord, sandboxRecord } from './records/sandbox-record.ts';
import { RuncPods } from './sandbox/runc-pods.ts';
import { RuncSandboxes } from './sandbox/runc-sandboxes.ts';

export interface RuncBackendDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly host: HostFacts;
  readonly cgroups: Cgroups;
  readonly namespaces: PinnedNamespaces;
  readonly mounts: Mounts;
  readonly cdi: CdiResolver;
}

export type RuncSettings = RuncOptions & RuncPlacement;

/** What is known of pods and containers, and the machine: the ground on which the rest stands. */
export interface Stores {
  readonly bootId: string;
  readonly layout: Layout;
  readonly executor: LocalExecutor;
  readonly sandboxes: JsonRecords<SandboxId, SandboxRecord>;
  readonly containers: JsonRecords<ContainerId, ContainerRecord>;
  readonly pods: RuncPods;
  readonly programs: Programs;
}

export function makeStores(
  settings: RuncSettings,
  { logger, cgroups, host }: RuncBackendDependencies,
): Stores {
  const layout = new Layout(settings);
  const executor = new LocalExecutor({ cgroups });
  const { files } = executor;
  const { bootId } = host;
  const sandboxes = new JsonRecords<SandboxId, SandboxRecord>(
    { directory: layout.sandboxRecords, schema: sandboxRecord },
    { files, logger },
  );
  const containers = new JsonRecords<ContainerId, ContainerRecord>(
    { directory: layout.containerRecords, schema: containerRecord },
    { files, logger },
  );
  const pods = new RuncPods(
    { bootId, cgroupDriver: settings.cgroupDriver },
    { records: sandboxes, cgroups: executor.cgroups },
  );
  return { bootId, layout, executor, sandboxes, containers, pods, programs: new Programs(settings) };
}

/** Containers that join the pinned namespaces of their pod. */
export function makeDriver(
  settings: RuncSettings,
  { bootId, layout, executor, containers, pods, programs }: Stores,
  { host, cdi, clock, logger }: RuncBackendDependencies,
  tell: (event: BackendEvent) => void,
): ContainerDriver {
  const { files } = executor;
  const builder = new ContainerSpecs({ host: specHostOf(host), rlimits: settings.rlimits }, { cdi });
  const preparation: Preparation = {
    logPathOf: ({ logPath }) => logPath,
    undo: async () => undefined,
    prepare: async ({ container, sandbox, cgroupsPath, pidOwner }) =>
      await builder.build(container, sandbox, cgroupsPath, {
        paths: sandboxPaths(sandbox, layout),
        pidOwner,
      }),
  };
  return new ContainerDriver(
    { ...settings, bootId, systemdCgroup: settings.cgroupDriver === 'systemd' },
    {
      executor,
      layout,
      exits: { directory: layout.exits, layout, files },
      hostFiles: files,
      programs,
      records: containers,
      pods,
      pauses: pods,
      preparation,
      clock,
      logger,
      tell,
    },
  );
}

export function makeSandboxes(
  { cgroupDriver }: RuncSettings,
  { bootId, layout, executor, sandboxes, containers, pods, programs }: Stores,
  { containers: operations, launcher, runtime, remains }: ContainerDriver,
  { host, namespaces, mounts }: RuncBackendDependencies,
): RuncSandboxes {
  const pause = new PauseProcess(
    { minOomScoreAdj: specHostOf(host).minOomScoreAdj },
    { layout, executor, launcher, runtime, program: programs.pause },
  );
  return new RuncSandboxes(
    { bootId, cgroupDriver },
    {
      ...remains,
      layout,
      records: sandboxes,
      pods,
      containerRecords: containers,
      containers: operations,
      namespaces: new SandboxNamespaces({ layout, files: executor.files, namespaces, mounts }),
      pause,
    },
  );
}

export const makeHealth = ({ executor, programs }: Stores, { host }: RuncBackendDependencies): RuncHealth =>
  new RuncHealth({
    executor,
    programs,
    features: hostFeaturesOf(host),
    stolenControllers: stolenControllersOf(host),
  });
