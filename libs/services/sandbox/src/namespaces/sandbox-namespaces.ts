import type { Sandbox } from '@crihub/contract';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import type { Mounts, PinnedNamespaces } from '@crihub/linux';
import { type SandboxLayout, sandboxPaths } from './sandbox-paths.ts';

/** The directories of the machine that pods run on. */
export interface Directories {
  /** With those above it; others may pass through it, and no more. */
  makeDirectory(path: string): Promise<void>;
  /** With all that is in it. What does not exist is no error. */
  remove(path: string): Promise<void>;
}

export interface SandboxNamespacesDependencies {
  readonly layout: SandboxLayout;
  readonly files: Directories;
  readonly namespaces: Pick<PinnedNamespaces, 'create' | 'remove'>;
  readonly mounts: Pick<Mounts, 'mountTmpfs' | 'unmount'>;
}

const SHM_BYTES = 64 * 1024 * 1024;

/** A pod's namespaces and shared memory, pinned in files: they need no process. */
export class SandboxNamespaces {
  readonly #layout: SandboxLayout;
  readonly #files: Directories;
  readonly #namespaces: SandboxNamespacesDependencies['namespaces'];
  readonly #mounts: SandboxNamespacesDependencies['mounts'];

  constructor({ layout, files, namespaces, mounts }: SandboxNamespacesDependencies) {
    this.#layout = layout;
    this.#files = files;
    this.#namespaces = namespaces;
    this.#mounts = mounts;
  }

  /** @throws InvalidArgument for a sysctl of a namespace that the pod shares with the node. */
  async create(sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    const { shm, net, ipc, uts, user } = sandboxPaths(sandbox, this.#layout);
    await this.#files.makeDirectory(this.#layout.sandbox(sandbox.id));
    const some = net ?? ipc ?? user;
    if (some === undefined) refuseSysctls(sandbox);
    else
      await this.#namespaces.create(
        {
          net,
          ipc,
          uts: uts === undefined ? undefined : { path: uts, hostname: sandbox.hostname },
          user:
            user === undefined || sandbox.namespaces.user === undefined
              ? undefined
              : { path: user, ...sandbox.namespaces.user },
          sysctls: sandbox.sysctls,
        },
        signal,
      );
    if (shm !== undefined) await this.#mountShm(shm, signal);
  }

  /** Removes all traces, whatever of it exists. */
  async remove(sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    const { shm, ...pinned } = sandboxPaths(sandbox, this.#layout);
    for (const path of Object.values(pinned)) await this.#namespaces.remove(path, signal);
    if (shm !== undefined) await this.#unmountShm(shm, signal);
    await this.#files.remove(this.#layout.sandbox(sandbox.id));
  }

  async #mountShm(target: string, signal: AbortSignal): Promise<void> {
    await this.#files.makeDirectory(target);
    await this.#mounts.mountTmpfs({ target, sizeBytes: SHM_BYTES, mode: 0o1777 }, signal);
  }

  async #unmountShm(target: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#mounts.unmount(target, { detach: true }, signal);
    } catch (error) {
      if (errnoCode(error) !== 'ENOENT') throw error; // it was never mounted
    }
  }
}

function refuseSysctls({ id, sysctls }: Sandbox): void {
  const [name] = Object.keys(sysctls);
  if (name === undefined) return;
  throw new RuntimeError(
    'InvalidArgument',
    `the sysctl ${name} can't be set: the pod shares the node's network and IPC namespaces`,
    { operation: 'prepare sandbox', id },
  );
}
