import { mkdir, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Clock, type ContainerId, errnoCode, KeyedMutex, type Logger, settleAll } from '@crihub/kernel';
import { ContainerLog } from '@crihub/service-container-log';
import type { TaskStreams } from '../api/task-service.ts';
import { ContainerOutput, makeStreams, streamPaths } from '../io/container-output.ts';
import type { FifoHolder } from '../io/fifo-holder.ts';
import type { PendingOutputs } from '../io/pending-outputs.ts';
import type { Layout } from '../layout.ts';
import { readLocal, removeLocal, writeLocal } from '../records/local-file.ts';
import { LocalContainer, localState, type LocalState } from './local-container.ts';

export interface LocalContainersDependencies {
  readonly layout: Layout;
  readonly holder: FifoHolder;
  readonly pendings: PendingOutputs;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The containers of this boot: their FIFOs, the readers of these, and a small file for each. */
export class LocalContainers {
  readonly #dependencies: LocalContainersDependencies;
  readonly #containers = new Map<ContainerId, LocalContainer>();
  readonly #writing = new KeyedMutex<ContainerId>();

  constructor(dependencies: LocalContainersDependencies) {
    this.#dependencies = dependencies;
  }

  get(id: ContainerId): LocalContainer | undefined {
    return this.#containers.get(id);
  }

  values(): Iterable<LocalContainer> {
    return this.#containers.values();
  }

  /** Makes a container's directory and FIFOs, and begins to read its output. */
  async create(id: ContainerId, state: LocalState): Promise<LocalContainer> {
    const directory = this.#dependencies.layout.container(id);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeLocal(directory, state);
    makeStreams(this.streams(id, state));
    const container = new LocalContainer(id, state);
    const log = this.#logOf(container);
    await log.open();
    container.output = await this.#openOutput(container, log);
    this.#containers.set(id, container);
    return container;
  }

  /** Makes its output outlive this daemon. Its shim must have opened the FIFOs, which come to an end otherwise. */
  async holdOutput(container: LocalContainer): Promise<void> {
    await this.#dependencies.holder.hold(this.#heldNames(container));
  }

  /** Notes what became of a container; one that is removed meanwhile needs no note. */
  async change(container: LocalContainer, change: Partial<LocalState>): Promise<void> {
    const { layout } = this.#dependencies;
    const { id } = container;
    container.state = { ...container.state, ...change };
    await this.#writing.run(id, async () => {
      if (this.#containers.get(id) === container) await writeLocal(layout.container(id), container.state);
    });
  }

  /** Takes over what an earlier daemon left: the output waits in the FIFOs. */
  async adopt(): Promise<void> {
    const { layout, pendings } = this.#dependencies;
    await pendings.adopt();
    const ids = (await readdir(layout.containers)) as ContainerId[];
    await Promise.all(ids.map((id) => this.#adoptOne(id)));
    pendings.forgetLeft();
    const open = [...this.values()].filter(({ output }) => output !== undefined);
    await this.#dependencies.holder.adopt(open.flatMap((container) => this.#heldNames(container)));
  }

  /** Lets go of the output of a container that has ended. */
  async endOutput(container: LocalContainer): Promise<void> {
    const { output } = container;
    container.output = undefined;
    await output?.close();
    await this.#dependencies.holder.drop(this.#heldNames(container));
    const { stdin, stdout, stderr } = this.streams(container.id, container.state);
    await Promise.all([stdin, stdout, stderr].filter((path) => path !== '').map(removeLocal));
  }

  async remove(id: ContainerId): Promise<void> {
    const container = this.#containers.get(id);
    await container?.output?.close();
    await settleAll([
      container && this.#dependencies.holder.drop(this.#heldNames(container)),
      this.#writing.run(id, async () => {
        this.#containers.delete(id);
        await removeLocal(this.#dependencies.layout.container(id));
      }),
    ]);
  }

  /** Stops reading; the containers run on, and what they print waits. */
  async close(): Promise<void> {
    await Promise.all([...this.#containers.values()].map(async ({ output }) => output?.close()));
    await this.#dependencies.holder.close();
  }

  streams(id: ContainerId, { terminal, stdin }: LocalState): TaskStreams {
    return streamPaths(join(this.#dependencies.layout.container(id), 'init'), { terminal, stdin });
  }

  async #adoptOne(id: ContainerId): Promise<void> {
    const state = await readLocal(this.#dependencies.layout.container(id), localState);
    if (state === undefined) return; // it was being made, or being removed: its record in containerd says so
    const container = new LocalContainer(id, state);
    try {
      container.output = await this.#openOutput(container, this.#logOf(container));
    } catch (error) {
      if (errnoCode(error) !== 'ENOENT') throw error; // it has ended, and its FIFOs were removed
    }
    this.#containers.set(id, container);
  }

  #openOutput({ id, state }: LocalContainer, log: ContainerLog): Promise<ContainerOutput> {
    return ContainerOutput.open(this.streams(id, state), { log, pendings: this.#dependencies.pendings });
  }

  #heldNames({ id, state }: LocalContainer): readonly string[] {
    const { stdout, stderr } = this.streams(id, state);
    const { runDirectory } = this.#dependencies.layout;
    return [stdout, stderr].filter((path) => path !== '').map((path) => relative(runDirectory, path));
  }

  #logOf({ state }: LocalContainer): ContainerLog {
    return new ContainerLog({ path: state.logPath }, this.#dependencies);
  }
}
