import type {
  PodNetworkAttachment,
  PreparedSandbox,
  Resources,
  Sandbox,
  SandboxOperations,
  StartedSandbox,
} from '@crihub/contract';
import type { ContainerId, SandboxId } from '@crihub/kernel';
import {
  type ContainerRecord,
  type JsonRecords,
  type Launched,
  type OciContainers,
  type PauseProcess,
  type RemainsDependencies,
  removeRemains,
} from '@crihub/service-oci-containers';
import {
  containerCgroup,
  notFound,
  podCgroup,
  preparedSandbox,
  type SandboxNamespaces,
  sandboxPaths,
  sharesPid,
  wrongState,
} from '@crihub/service-sandbox';
import type { Layout } from '../layout.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { monitorCgroup } from './monitor-cgroup.ts';
import type { RuncPods } from './runc-pods.ts';

export interface RuncSandboxesOptions {
  readonly bootId: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
}

export interface RuncSandboxesDependencies extends RemainsDependencies {
  readonly layout: Layout;
  readonly records: JsonRecords<SandboxId, SandboxRecord>;
  readonly pods: Pick<RuncPods, 'joinFiles'>;
  readonly containerRecords: Pick<JsonRecords<ContainerId, ContainerRecord>, 'entries'>;
  readonly containers: Pick<OciContainers, 'signal' | 'remove'>;
  readonly namespaces: SandboxNamespaces;
  readonly pause: PauseProcess;
}

/** Pods as pinned namespaces; a process only where the pod shares a PID namespace. */
export class RuncSandboxes implements SandboxOperations {
  readonly #options: RuncSandboxesOptions;
  readonly #dependencies: RuncSandboxesDependencies;

  constructor(options: RuncSandboxesOptions, dependencies: RuncSandboxesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async prepare(sandbox: Sandbox, signal: AbortSignal): Promise<PreparedSandbox> {
    signal.throwIfAborted();
    const { records, namespaces, executor, layout } = this.#dependencies;
    const known = records.get(sandbox.id);
    if (known?.step === 'stopped' || this.#isOfAnotherBoot(known)) {
      throw wrongState('prepare', 'sandbox', sandbox.id, 'stopped', 'a new one');
    }
    if (known === undefined || known.step === 'preparing') {
      if (known !== undefined) await namespaces.remove(sandbox, signal);
      const { cgroupDriver, bootId } = this.#options;
      const base = { sandbox, bootId, cgroup: podCgroup(sandbox, cgroupDriver) };
      await records.write(sandbox.id, { ...base, step: 'preparing' });
      const monitors = monitorCgroup(sandbox, cgroupDriver);
      if (monitors !== undefined) await executor.cgroups.createCounting(monitors);
      await namespaces.create(sandbox, signal);
      await records.write(sandbox.id, { ...base, step: 'prepared' });
    }
    return preparedSandbox(sandbox, layout);
  }

  async start(
    sandbox: Sandbox,
    _network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<StartedSandbox> {
    signal.throwIfAborted();
    const { records } = this.#dependencies;
    const record = records.get(sandbox.id);
    if (record === undefined) throw notFound('start', 'sandbox', sandbox.id);
    if (this.#isOfAnotherBoot(record))
      throw wrongState('start', 'sandbox', sandbox.id, 'stopped', 'prepared');
    if (record.step === 'running') return started(record);
    if (record.step !== 'prepared' && record.step !== 'starting') {
      throw wrongState('start', 'sandbox', sandbox.id, record.step, 'prepared');
    }
    return started(await this.#run(sandbox, record, signal));
  }

  async stop(id: SandboxId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { records, containers } = this.#dependencies;
    const record = records.get(id);
    if (record === undefined) return;
    if (record.step !== 'preparing') await records.write(id, stopped(record));
    const killing = this.#containersOf(id).map((container) =>
      containers.signal(container, 'SIGKILL', 'all', signal),
    );
    await Promise.all(killing);
    await this.#removePause(record, signal);
  }

  async remove(id: SandboxId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { records, containers, namespaces, executor } = this.#dependencies;
    const record = records.get(id);
    await Promise.all(this.#containersOf(id).map((container) => containers.remove(container, signal)));
    if (record === undefined) return;
    const { sandbox } = record;
    await this.#removePause(record, signal);
    await namespaces.remove(sandbox, signal);
    const { cgroupDriver } = this.#options;
    const monitors = monitorCgroup(sandbox, cgroupDriver);
    if (monitors !== undefined) await executor.cgroups.kill(monitors, signal);
    if (monitors !== undefined) await executor.cgroups.remove(monitors, signal);
    // The kubelet's own cgroup is the kubelet's to remove.
    if (sandbox.cgroupParent === '' && monitors !== undefined) {
      await executor.cgroups.remove(podCgroup(sandbox, cgroupDriver), signal);
    }
    await records.remove(id);
  }

  /** The pod's own cgroup is the kubelet's, which sets its limits itself. */
  async update(
    sandbox: Sandbox,
    _change: { readonly overhead: Resources; readonly resources: Resources },
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const record = this.#dependencies.records.get(sandbox.id);
    if (record === undefined) throw notFound('update', 'sandbox', sandbox.id);
  }

  async #run(sandbox: Sandbox, record: SandboxRecord, signal: AbortSignal): Promise<RunningRecord> {
    const { records } = this.#dependencies;
    const { bootId, cgroup } = record;
    const base = { sandbox: record.sandbox, bootId, cgroup };
    let running: RunningRecord = { ...base, step: 'running' };
    if (sharesPid(sandbox)) {
      if (record.step === 'starting') await this.#removePause(record, signal);
      await records.write(sandbox.id, { ...base, step: 'starting' });
      running = { ...running, pause: await this.#startPause(sandbox, signal) };
    }
    await records.write(sandbox.id, running);
    return running;
  }

  async #startPause(sandbox: Sandbox, signal: AbortSignal): Promise<Launched> {
    const { pause, pods, layout } = this.#dependencies;
    const { specPath } = containerCgroup(sandbox.id, sandbox, this.#options.cgroupDriver);
    const input = {
      sandbox,
      paths: sandboxPaths(sandbox, layout),
      cgroupsPath: specPath,
      joinFiles: pods.joinFiles(sandbox),
    };
    return await pause.start(input, signal);
  }

  async #removePause(record: SandboxRecord, signal: AbortSignal): Promise<void> {
    const { sandbox } = record;
    if (!sharesPid(sandbox)) return;
    const { cgroupDriver, bootId } = this.#options;
    const ours = record.step === 'running' && record.bootId === bootId;
    const remains = {
      id: sandbox.id,
      cgroup: containerCgroup(sandbox.id, sandbox, cgroupDriver).path,
      monitor: ours ? record.pause?.monitor : undefined,
      byRuntime: cgroupDriver === 'systemd',
    };
    await removeRemains(remains, this.#dependencies, signal);
  }

  #containersOf(id: SandboxId): readonly ContainerId[] {
    const entries = this.#dependencies.containerRecords.entries();
    return entries.filter(([, { container }]) => container.sandboxId === id).map(([container]) => container);
  }

  #isOfAnotherBoot(record: SandboxRecord | undefined): boolean {
    return record !== undefined && record.bootId !== this.#options.bootId;
  }
}

type RunningRecord = Extract<SandboxRecord, { step: 'running' }>;

function started({ pause, cgroup }: RunningRecord): StartedSandbox {
  return { cgroup, ...(pause === undefined ? {} : { pid: pause.init.pid }) };
}

const stopped = ({ sandbox, bootId, cgroup }: SandboxRecord): SandboxRecord => ({
  sandbox,
  bootId,
  cgroup,
  step: 'stopped',
});
