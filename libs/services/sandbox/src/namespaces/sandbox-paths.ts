import { join } from 'node:path';
import type { PreparedSandbox, Sandbox } from '@crihub/contract';
import type { SandboxId } from '@crihub/kernel';

/** Where a backend keeps what pins its pods' namespaces. */
export interface SandboxLayout {
  /** A directory of the pod's own. */
  sandbox(id: SandboxId): string;
  /** The file that pins the pod's network namespace, which the pod network attaches to. */
  networkNamespace(id: SandboxId): string;
}

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
export function sandboxPaths({ id, namespaces }: Sandbox, layout: SandboxLayout): SandboxPaths {
  const directory = layout.sandbox(id);
  return {
    ...(namespaces.network === 'pod'
      ? { net: layout.networkNamespace(id), uts: join(directory, 'uts') }
      : {}),
    ...(namespaces.ipc === 'pod' ? { ipc: join(directory, 'ipc'), shm: join(directory, 'shm') } : {}),
    ...(namespaces.user === undefined ? {} : { user: join(directory, 'user') }),
  };
}

/** What the hub must know of the pod's namespaces. */
export function preparedSandbox(sandbox: Sandbox, layout: SandboxLayout): PreparedSandbox {
  const { net, user } = sandboxPaths(sandbox, layout);
  return {
    ...(net === undefined ? {} : { networkNamespace: net }),
    ...(user === undefined ? {} : { userNamespace: user }),
  };
}
