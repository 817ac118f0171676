import { join } from 'node:path';
import type { SandboxId } from '@crihub/kernel';
import type { SandboxLayout } from '@crihub/service-sandbox';

export interface KataLayoutOptions {
  readonly stateDirectory: string;
  readonly runDirectory: string;
  readonly networkNamespaceDirectory: string;
}

/** Where everything of this backend is. */
export class KataLayout implements SandboxLayout {
  readonly sandboxRecords: string;
  readonly pods: string;
  /** Machines that are no pod's yet. */
  readonly spares: string;
  readonly templates: string;
  readonly networkNamespaces: string;

  constructor({ stateDirectory, runDirectory, networkNamespaceDirectory }: KataLayoutOptions) {
    this.sandboxRecords = join(stateDirectory, 'sandboxes');
    this.pods = join(runDirectory, 'pods');
    this.spares = join(runDirectory, 'spares');
    this.templates = join(stateDirectory, 'templates');
    this.networkNamespaces = networkNamespaceDirectory;
  }

  /** Socket paths end at 107 bytes, so ids are cut where only this node's must differ. */
  sandbox(id: SandboxId): string {
    return join(this.pods, id.slice(0, 32));
  }

  networkNamespace(id: SandboxId): string {
    return join(this.networkNamespaces, `crihub-${id.slice(0, 16)}`);
  }
}
