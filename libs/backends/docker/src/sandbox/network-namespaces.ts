import { join } from 'node:path';
import { RuntimeError, type SandboxId } from '@crihub/kernel';
import type { NamespaceWorker, PinnedNamespaces } from '@crihub/linux';

export interface NetworkNamespacesDependencies {
  readonly worker: Pick<NamespaceWorker, 'call'>;
  readonly namespaces: Pick<PinnedNamespaces, 'prepareDirectory' | 'isPinned' | 'remove'>;
}

/** The pods' network namespaces, pinned: the engine lets go of them with the infra container. */
export class NetworkNamespaces {
  readonly #directory: string;
  readonly #dependencies: NetworkNamespacesDependencies;

  constructor({ directory }: { readonly directory: string }, dependencies: NetworkNamespacesDependencies) {
    this.#directory = directory;
    this.#dependencies = dependencies;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await this.#dependencies.namespaces.prepareDirectory(this.#directory, signal);
  }

  path(id: SandboxId): string {
    return join(this.#directory, `crihub-${id.slice(0, 16)}`);
  }

  async isPinned(id: SandboxId): Promise<boolean> {
    return await this.#dependencies.namespaces.isPinned(this.path(id));
  }

  /** Pins the namespace of a process; one that is pinned already stays. @throws FailedPrecondition if it is gone. */
  async pin(id: SandboxId, pid: number): Promise<void> {
    if (await this.isPinned(id)) return;
    await this.remove(id); // a file that a death left without its mount
    try {
      await this.#dependencies.worker.call('pinNamespacesOf', {
        pid,
        pins: [{ type: 'net', path: this.path(id) }],
      });
    } catch (cause) {
      throw new RuntimeError(
        'FailedPrecondition',
        `the network namespace of process ${String(pid)}, which keeps pod ${id}, can't be pinned`,
        { operation: 'prepare sandbox', id, cause },
      );
    }
  }

  async remove(id: SandboxId): Promise<void> {
    await this.#dependencies.namespaces.remove(this.path(id));
  }
}
