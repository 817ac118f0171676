import { join } from 'node:path';
import type { Container, Sandbox } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import { type OciSpec, serializeOci } from '@crihub/service-oci';
import type { ConmonLauncher, Launched } from '../conmon/conmon-launcher.ts';
import type { Executor } from '../execution/executor.ts';
import type { ContainerLayout } from '../layout.ts';

/** What the backend knows of a container that is to be created. */
export interface CreationInput {
  readonly container: Container;
  readonly sandbox: Sandbox;
  readonly cgroupsPath: string;
  /** The process whose PID namespace is joined, if it is another's. */
  readonly pidOwner: number | undefined;
  /** Files into which its conmon writes `0` to join a control group. */
  readonly joinFiles: readonly string[];
}

/** What a container stands on, and how it is isolated: the backend's decision. */
export interface Preparation {
  /**
   * Makes what the container needs on the machine, and its specification. Repeatable.
   * @throws InvalidArgument, FailedPrecondition or Unimplemented for what can't be had there.
   */
  prepare(input: Omit<CreationInput, 'joinFiles'>, signal: AbortSignal): Promise<OciSpec>;
  /** Removes what `prepare` made, whatever of it exists. */
  undo(container: Container, signal: AbortSignal): Promise<void>;
  /** The path of its log on the machine; empty: the output is discarded. */
  logPathOf(container: Container): string;
}

export interface ContainerCreationDependencies {
  readonly layout: ContainerLayout;
  readonly executor: Executor;
  readonly preparation: Pick<Preparation, 'prepare' | 'logPathOf'>;
  readonly launcher: ConmonLauncher;
}

/** Writes a container's bundle and has it created. */
export class ContainerCreation {
  readonly #dependencies: ContainerCreationDependencies;

  constructor(dependencies: ContainerCreationDependencies) {
    this.#dependencies = dependencies;
  }

  async create(input: CreationInput, signal: AbortSignal): Promise<Launched> {
    const { layout, executor, preparation, launcher } = this.#dependencies;
    const { container, joinFiles } = input;
    const spec = await preparation.prepare(input, signal);
    const bundle = layout.bundle(container.id);
    await executor.files.makeDirectory(bundle);
    await Promise.all([
      executor.files.write(join(bundle, 'config.json'), serializeOci(spec)),
      executor.files.write(processFile(bundle), serializeOci(spec.process)),
    ]);
    const { terminal, stdin, stdinOnce } = container.process;
    const { id } = container;
    const monitored = {
      id,
      bundle,
      persistentDirectory: layout.persistent(id),
      logPath: preparation.logPathOf(container),
      terminal,
      stdin,
      stdinOnce,
    };
    return await launcher.launch(monitored, joinFiles, signal);
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
