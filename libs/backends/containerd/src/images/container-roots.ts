import type { Container } from '@crihub/contract';
import { kindOf } from '@crihub/kernel';
import type { StoredContainer } from '../api/container-store.ts';
import type { SnapshotMount, SnapshotService } from '../api/snapshot-service.ts';
import type { ImageCopies } from './image-copies.ts';

/** A root filesystem that is about to be made. */
export interface PlannedRoot {
  /** As the OCI specification has it: absolute, or below the task's bundle. */
  readonly path: string;
  /** How the container's record refers to it, which keeps it. */
  readonly record: Partial<Pick<StoredContainer, 'snapshotter' | 'snapshotKey'>>;
  /** Makes it, once the record is there. @returns what the shim has to mount. */
  prepare(signal: AbortSignal): Promise<readonly SnapshotMount[]>;
}

/** Where containers have their root filesystems from. */
export interface ContainerRoots {
  /** @throws NotFound if the image is not there. */
  plan(container: Container, signal: AbortSignal): Promise<PlannedRoot>;
  /** Repeatable. */
  remove(id: Container['id'], signal: AbortSignal): Promise<void>;
}

/** The hub has mounted them. */
export const HUB_ROOTS: ContainerRoots = {
  plan: async ({ rootfs }) => ({ path: rootfs, record: {}, prepare: async () => [] }),
  remove: async () => undefined,
};

/** A writable snapshot of a snapshotter of containerd for each. */
export class SnapshotRoots implements ContainerRoots {
  readonly #snapshotter: string;
  readonly #images: ImageCopies;
  readonly #snapshots: SnapshotService;

  constructor(
    { snapshotter }: { readonly snapshotter: string },
    { images, snapshots }: { readonly images: ImageCopies; readonly snapshots: SnapshotService },
  ) {
    this.#snapshotter = snapshotter;
    this.#images = images;
    this.#snapshots = snapshots;
  }

  async plan({ id, imageId }: Container, signal: AbortSignal): Promise<PlannedRoot> {
    const parent = await this.#images.ensure(imageId, signal);
    return {
      path: 'rootfs',
      record: { snapshotter: this.#snapshotter, snapshotKey: id },
      prepare: (own) => this.#prepare(id, parent, own),
    };
  }

  async remove(id: Container['id'], signal: AbortSignal): Promise<void> {
    await this.#snapshots.remove(id, signal);
  }

  async #prepare(key: string, parent: string, signal: AbortSignal): Promise<readonly SnapshotMount[]> {
    try {
      return await this.#snapshots.prepare({ key, parent }, signal);
    } catch (error) {
      if (kindOf(error) !== 'AlreadyExists') throw error;
      return await this.#snapshots.mounts(key, signal);
    }
  }
}
