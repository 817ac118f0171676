import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PreparedSandbox, Sandbox } from '@crihub/contract';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import type { Mounts, PinnedNamespaces } from '@crihub/linux';
import type { Layout } from '../layout.ts';
import { removeLocal } from '../records/local-file.ts';

/** Paths of what a pod has of its own. */
export interface SandboxPaths {
  readonly net?: string;
  readonly ipc?: string;
  readonly uts?: string;
  readonly user?: string;
  /** A tmpfs that the pod's containers share as /dev/shm. */
  readonly shm?: string;
}

/** Which namespaces a pod has of its own. One with the node's network has the node's host name too. */
export function sandboxPaths({ id, namespaces }: Sandbox, layout: Layout): SandboxPaths {
  const directory = layout.sandbox(id);
  return {
    ...(namespaces.network === 'pod'
      ? { net: layout.networkNamespace(id), uts: join(directory, 'uts') }
      : {}),
    ...(namespaces.ipc === 'pod' ? { ipc: join(directory, 'ipc'), shm: join(directory, 'shm') } : {}),
    ...(namespaces.user === undefined ? {} : { user: join(directory, 'user') }),
  };
}

export const preparedSandbox = (sandbox: Sandbox, layout: Layout): PreparedSandbox =>
  sandbox.namespaces.network === 'pod' ? { networkNamespace: layout.networkNamespace(sandbox.id) } : {};

export interface SandboxNamespacesDependencies {
  readonly layout: Layout;
  readonly namespaces: PinnedNamespaces;
  readonly mounts: Mounts;
}

const SHM_BYTES = 64 * 1024 * 1024;

/** A pod's namespaces and shared memory, pinned in files: they need no process. */
export class SandboxNamespaces {
  readonly #layout: Layout;
  readonly #namespaces: PinnedNamespaces;
  readonly #mounts: Mounts;

  constructor({ layout, namespaces, mounts }: SandboxNamespacesDependencies) {
    this.#layout = layout;
    this.#namespaces = namespaces;
    this.#mounts = mounts;
  }

  /** @throws InvalidArgument for a sysctl of a namespace that the pod shares with the node. */
  async create(sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    const { shm, net, ipc, uts, user } = sandboxPaths(sandbox, this.#layout);
    await mkdir(this.#layout.sandbox(sandbox.id), { recursive: true, mode: 0o711 });
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
    await removeLocal(this.#layout.sandbox(sandbox.id));
  }

  async #mountShm(target: string, signal: AbortSignal): Promise<void> {
    await mkdir(target, { recursive: true });
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
