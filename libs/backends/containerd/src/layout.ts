import { join } from 'node:path';
import type { ContainerId, SandboxId } from '@crihub/kernel';

export interface LayoutOptions {
  readonly runDirectory: string;
  readonly networkNamespaceDirectory: string;
}

/** Where everything of this backend is that containerd does not keep. */
export class Layout {
  readonly runDirectory: string;
  readonly sandboxes: string;
  readonly containers: string;
  readonly pendingOutput: string;
  readonly networkNamespaces: string;

  constructor({ runDirectory, networkNamespaceDirectory }: LayoutOptions) {
    this.runDirectory = runDirectory;
    this.sandboxes = join(runDirectory, 'sandboxes');
    this.containers = join(runDirectory, 'containers');
    this.pendingOutput = join(runDirectory, 'pending-output');
    this.networkNamespaces = networkNamespaceDirectory;
  }

  sandbox(id: SandboxId): string {
    return join(this.sandboxes, id);
  }

  container(id: ContainerId): string {
    return join(this.containers, id);
  }

  networkNamespace(id: SandboxId): string {
    return join(this.networkNamespaces, `crihub-${id.slice(0, 16)}`);
  }
}
