import type { MountAttribute, Propagation } from '../syscalls/mount.ts';
import type { NamespaceWorker } from '../worker/namespace-worker.ts';
import type { ProcessRef } from '../processes/process-ref.ts';
import { listMounts } from './mountinfo.ts';
import type { BindMount, TmpfsMount } from './operations.ts';
import type { OverlayMount } from './overlay-mount.ts';
import { ProcessMounts } from './process-mounts.ts';

export interface ChangedMount {
  readonly target: string;
  readonly set?: readonly MountAttribute[] | undefined;
  readonly clear?: readonly MountAttribute[] | undefined;
  readonly propagation?: Propagation | undefined;
  /** Changes the mounts below too. */
  readonly recursive?: boolean | undefined;
}

/**
 * Mounts of this process's mount namespace. Targets must exist and must not be symbolic links. What fails
 * leaves nothing mounted; after an abort the mount may still come, so unmount it then. Linux 5.12 or later.
 */
export class Mounts {
  readonly #worker: NamespaceWorker;

  constructor({ worker }: { readonly worker: NamespaceWorker }) {
    this.#worker = worker;
  }

  /** Mounts of a process that has a mount namespace of its own. */
  of(process: ProcessRef): ProcessMounts {
    return new ProcessMounts(process, { worker: this.#worker });
  }

  /** @throws InvalidArgument without a lower layer; the kernel's error in its own words. */
  async mountOverlay(overlay: OverlayMount, signal?: AbortSignal): Promise<void> {
    await this.#worker.call('mountOverlay', overlay, signal);
  }

  async bind(mount: BindMount, signal?: AbortSignal): Promise<void> {
    await this.#worker.call('bindMount', mount, signal);
  }

  async mountTmpfs(mount: TmpfsMount, signal?: AbortSignal): Promise<void> {
    await this.#worker.call('mountTmpfs', mount, signal);
  }

  /** Changes attributes (such as `readonly`) or the propagation of what is mounted at `target`. */
  async change(mount: ChangedMount, signal?: AbortSignal): Promise<void> {
    await this.#worker.call('changeMountAt', mount, signal);
  }

  /**
   * Unmounts the topmost mount at a path; does nothing if there is none. With `detach` it goes from the
   * tree at once, though files in it may be in use.
   */
  async unmount(target: string, { detach = false } = {}, signal?: AbortSignal): Promise<void> {
    await this.#worker.call('unmountAt', { target, detach }, signal);
  }

  /** Detaches all mounts at and under a directory, deepest first. */
  async unmountUnder(directory: string, signal?: AbortSignal): Promise<void> {
    const mounts = await listMounts(directory);
    for (const { target } of mounts.toReversed()) await this.unmount(target, { detach: true }, signal);
  }
}
