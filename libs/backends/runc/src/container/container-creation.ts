import { join } from 'node:path';
import type { Container, Sandbox } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import { serializeOci } from '@crihub/service-oci';
import { type ContainerSpecs, sandboxPaths } from '@crihub/service-sandbox';
import { monitorCgroup } from '../conmon/monitor-cgroup.ts';
import type { ConmonLauncher, Launched } from '../conmon/conmon-launcher.ts';
import type { Executor } from '../execution/executor.ts';
import type { Layout } from '../layout.ts';

export interface ContainerCreationDependencies {
  readonly layout: Layout;
  readonly executor: Executor;
  readonly specs: ContainerSpecs;
  readonly launcher: ConmonLauncher;
}

export interface CreationInput {
  readonly container: Container;
  readonly sandbox: Sandbox;
  readonly cgroupsPath: string;
  /** The process whose PID namespace is joined, if it is another's. */
  readonly pidOwner: number | undefined;
}

/** Writes a container's bundle and has it created. */
export class ContainerCreation {
  readonly #dependencies: ContainerCreationDependencies;
  readonly #cgroupDriver: 'cgroupfs' | 'systemd';

  constructor(
    { cgroupDriver }: { readonly cgroupDriver: 'cgroupfs' | 'systemd' },
    dependencies: ContainerCreationDependencies,
  ) {
    this.#cgroupDriver = cgroupDriver;
    this.#dependencies = dependencies;
  }

  async create(input: CreationInput, signal: AbortSignal): Promise<Launched> {
    const { layout, executor, specs, launcher } = this.#dependencies;
    const { container, sandbox, cgroupsPath, pidOwner } = input;
    const paths = sandboxPaths(sandbox, layout);
    const spec = await specs.build(container, sandbox, cgroupsPath, { paths, pidOwner });
    const bundle = layout.bundle(container.id);
    await executor.files.makeDirectory(bundle);
    await Promise.all([
      executor.files.write(join(bundle, 'config.json'), serializeOci(spec)),
      executor.files.write(processFile(bundle), serializeOci(spec.process)),
    ]);
    const { terminal, stdin, stdinOnce } = container.process;
    const { id, logPath } = container;
    return await launcher.launch(
      { id, bundle, logPath, terminal, stdin, stdinOnce },
      this.#joinFiles(sandbox),
      signal,
    );
  }

  #joinFiles(sandbox: Sandbox): readonly string[] {
    const group = monitorCgroup(sandbox, this.#cgroupDriver);
    return group === undefined ? [] : this.#dependencies.executor.cgroups.joinFiles(group);
  }
}

/** The first process as the specification has it: further ones get its user, environment and rights. */
export const processFile = (bundle: string): string => join(bundle, 'process.json');

/** Finds the process whose PID namespace a container joins; `undefined` if it joins none. */
export function pidNamespaceOwner(
  { id, pidNamespace }: Container,
  {
    podInit,
    initOf,
  }: {
    readonly podInit: number | undefined;
    readonly initOf: (target: Container['id']) => number | undefined;
  },
): number | undefined {
  if (pidNamespace.mode !== 'pod' && pidNamespace.mode !== 'target') return undefined;
  const [owner, problem] =
    pidNamespace.mode === 'target'
      ? [initOf(pidNamespace.target), `container ${pidNamespace.target} does not run`]
      : [podInit, 'its pod has no shared one'];
  if (owner !== undefined) return owner;
  throw new RuntimeError('FailedPrecondition', `container ${id} can't join a PID namespace: ${problem}`, {
    operation: 'create container',
    id,
  });
}
