import type { EngineSupport } from '@crihub/contract';
import {
  isAlive,
  listenerOf,
  type ProcessRef,
  processRef,
  processTree,
  readProcessStat,
} from '@crihub/linux';

/** Docker starts a containerd of its own, unless it is given one. */
const OWN_CHILD = 'containerd';

/** The processes of an engine that listens on a unix socket of this host: who listens, and its own containerd. */
export class EngineProcesses implements EngineSupport {
  readonly #socketPath: string;
  #listener: ProcessRef | undefined;

  constructor(options: { readonly socketPath: string }) {
    this.#socketPath = options.socketPath;
  }

  async processes(): Promise<readonly number[]> {
    const listener = await this.#find();
    if (listener === undefined) return [];
    const tree = await processTree(listener);
    const stats = await Promise.all(tree.map(({ pid }) => readProcessStat(pid)));
    const own = stats.filter((stat) => stat?.parentPid === listener.pid && stat.command === OWN_CHILD);
    return [listener.pid, ...own.flatMap((stat) => stat?.pid ?? [])];
  }

  /** Looked for once: it means reading the descriptors of all processes. */
  async #find(): Promise<ProcessRef | undefined> {
    if (this.#listener !== undefined && (await isAlive(this.#listener))) return this.#listener;
    const pid = await listenerOf(this.#socketPath);
    this.#listener = pid === undefined ? undefined : await processRef(pid);
    return this.#listener;
  }
}
