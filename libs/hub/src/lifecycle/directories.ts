import { join } from 'node:path';
import type { ContainerId, SandboxId } from '@crihub/kernel';

/** Where the hub keeps the files of pods and containers, below its state directory. */
export class Directories {
  readonly sandboxes: string;
  readonly containers: string;

  constructor(options: { readonly stateDirectory: string }) {
    this.sandboxes = join(options.stateDirectory, 'sandboxes');
    this.containers = join(options.stateDirectory, 'containers');
  }

  sandbox(id: SandboxId): string {
    return join(this.sandboxes, id);
  }

  container(id: ContainerId): string {
    return join(this.containers, id);
  }

  imageVolume(id: ContainerId, index: number): string {
    return join(this.container(id), 'image-volumes', String(index));
  }
}
