import { join } from 'node:path';
import type { ContainerId, SandboxId } from '@crihub/kernel';
import type { ContainerLayout, ExitLayout } from '@crihub/service-oci-containers';

export interface LayoutOptions {
  readonly stateDirectory: string;
  readonly runDirectory: string;
  readonly networkNamespaceDirectory: string;
}

/** Where everything of this backend is. */
export class Layout implements ContainerLayout, ExitLayout {
  readonly sandboxRecords: string;
  readonly containerRecords: string;
  readonly sandboxes: string;
  readonly bundles: string;
  /** conmon writes a file with the exit code here, named after the container. */
  readonly exits: string;
  /** The OCI runtime's own state. */
  readonly runtimeRoot: string;
  readonly networkNamespaces: string;

  constructor({ stateDirectory, runDirectory, networkNamespaceDirectory }: LayoutOptions) {
    this.sandboxRecords = join(stateDirectory, 'sandboxes');
    this.containerRecords = join(stateDirectory, 'containers');
    this.sandboxes = join(runDirectory, 'sandboxes');
    this.bundles = join(runDirectory, 'bundles');
    this.exits = join(runDirectory, 'exits');
    this.runtimeRoot = join(runDirectory, 'runtime');
    this.networkNamespaces = networkNamespaceDirectory;
  }

  /** Directories that must exist before anything else. */
  get directories(): readonly string[] {
    const { sandboxRecords, containerRecords, sandboxes, bundles, exits, runtimeRoot } = this;
    return [sandboxRecords, containerRecords, sandboxes, bundles, exits, runtimeRoot];
  }

  /** Socket paths end at 107 bytes, so ids are cut where only this node's must differ. */
  bundle(id: ContainerId | SandboxId): string {
    return join(this.bundles, id.slice(0, 32));
  }

  persistent(id: ContainerId | SandboxId): string {
    return this.bundle(id);
  }

  sandbox(id: SandboxId): string {
    return join(this.sandboxes, id.slice(0, 32));
  }

  networkNamespace(id: SandboxId): string {
    return join(this.networkNamespaces, `crihub-${id.slice(0, 16)}`);
  }

  exit(id: ContainerId | SandboxId): string {
    return join(this.exits, id);
  }
}
