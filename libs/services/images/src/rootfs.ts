import type { BindMount, Mounts, OverlayMount } from '@crihub/linux';
import { RuntimeError } from '@crihub/kernel';
import { chmod, chown, mkdir, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image } from './image.ts';

/** Makes the image's files appear with shifted owners, for a container in a user namespace. */
export interface IdMap {
  /** The path of the user namespace, such as a pinned one. */
  readonly userNamespace: string;
  /** Whom uid and gid 0 of the namespace are on the host; they own what the container writes. */
  readonly rootUid: number;
  readonly rootGid: number;
}

export interface RootfsMount {
  /** A directory of the container alone; upper, work and the mount point are made in it. */
  readonly containerDirectory: string;
  readonly image: Pick<Image, 'id' | 'layerDirectories'>;
  readonly idMap?: IdMap | undefined;
}

export interface ImageViewMount {
  readonly image: Pick<Image, 'id' | 'layerDirectories'>;
  /** An existing directory. */
  readonly target: string;
  /** For the time of the call; needed with `idMap` only. */
  readonly scratchDirectory?: string | undefined;
  readonly idMap?: IdMap | undefined;
}

interface RootfsMounterDependencies {
  readonly mounts: Pick<Mounts, 'mountOverlay' | 'bind' | 'unmount'>;
}

/** Mounts images for containers by overlayfs: the layers below, what the container writes above. */
export class RootfsMounter {
  readonly #emptyDirectory: string;
  readonly #mounts: RootfsMounterDependencies['mounts'];

  constructor(
    { emptyDirectory }: { readonly emptyDirectory: string },
    { mounts }: RootfsMounterDependencies,
  ) {
    this.#emptyDirectory = emptyDirectory;
    this.#mounts = mounts;
  }

  /** The mount point that `mount` uses. */
  static pathIn(containerDirectory: string): string {
    return join(containerDirectory, 'rootfs');
  }

  /** What the container has written. */
  static writableLayerIn(containerDirectory: string): string {
    return join(containerDirectory, 'upper');
  }

  /**
   * Mounts a container's root file system; what the container wrote before is there again. If it is
   * mounted already, it is mounted anew.
   * @returns its path.
   */
  async mount({ containerDirectory, image, idMap }: RootfsMount, signal?: AbortSignal): Promise<string> {
    const target = RootfsMounter.pathIn(containerDirectory);
    const upper = RootfsMounter.writableLayerIn(containerDirectory);
    const work = join(containerDirectory, 'work');
    const [made] = await Promise.all(
      [target, upper, work].map((directory) => mkdir(directory, { recursive: true })),
    );
    // Nothing can be mounted on what was not there.
    if (made === undefined) await this.unmount(containerDirectory, signal);
    await this.#adoptRoot(upper, image, idMap);
    await this.#withLowers(image, join(containerDirectory, 'lower'), idMap, signal, (lower) =>
      this.#overlay({ lower, writable: { upper, work }, target }, image.id, signal),
    );
    return target;
  }

  /** Unmounts what `mount` mounted, now if it can be and else once nobody uses it. What was written stays. */
  async unmount(containerDirectory: string, signal?: AbortSignal): Promise<void> {
    await this.#mounts.unmount(RootfsMounter.pathIn(containerDirectory), { detach: true }, signal);
  }

  /** Mounts an image's files read-only, for an image volume; `unmountView` undoes it. */
  async mountView(
    { image, target, scratchDirectory, idMap }: ImageViewMount,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#withLowers(image, scratchDirectory, idMap, signal, (lower) =>
      this.#overlay({ lower, target, attributes: ['readonly'] }, image.id, signal),
    );
  }

  async unmountView(target: string, signal?: AbortSignal): Promise<void> {
    await this.#mounts.unmount(target, { detach: true }, signal);
  }

  async #overlay(overlay: OverlayMount, id: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#mounts.mountOverlay(overlay, signal);
    } catch (cause) {
      signal?.throwIfAborted();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RuntimeError('Internal', `can't mount image ${id} at ${overlay.target}: ${reason}`, {
        cause,
        id,
      });
    }
  }

  /** The merged root takes mode and owner from the upper directory, so it must say what the image says. */
  async #adoptRoot(upper: string, image: RootfsMount['image'], idMap: IdMap | undefined): Promise<void> {
    const { mode, uid, gid } = await stat(image.layerDirectories.at(-1) ?? this.#emptyDirectory);
    await chmod(upper, image.layerDirectories.length === 0 ? 0o755 : mode & 0o7777);
    await chown(upper, uid + (idMap?.rootUid ?? 0), gid + (idMap?.rootGid ?? 0));
  }

  /**
   * Calls `mount` with the layers, lowest first. With an id map they are bound with shifted owners for the
   * time of the call: overlayfs keeps mounts of its own.
   */
  async #withLowers(
    { layerDirectories }: RootfsMount['image'],
    scratchDirectory: string | undefined,
    idMap: IdMap | undefined,
    signal: AbortSignal | undefined,
    mount: (lower: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const lower = withoutRepeats(layerDirectories);
    const layers = lower.length > 0 ? lower : [this.#emptyDirectory];
    if (idMap === undefined) {
      await mount(layers);
      return;
    }
    if (scratchDirectory === undefined) {
      throw new RuntimeError('InvalidArgument', 'an image view with an id map needs a scratch directory');
    }
    const bound: string[] = [];
    try {
      for (const [index, source] of layers.entries()) {
        const target = join(scratchDirectory, String(index));
        await mkdir(target, { recursive: true });
        const bind: BindMount = { source, target, idmap: idMap.userNamespace };
        bound.push(target);
        await this.#mounts.bind(bind, signal);
      }
      await mount(bound);
    } finally {
      for (const target of bound) {
        await this.#mounts.unmount(target, { detach: true });
        // Never recursively: a layer may still be mounted there.
        await rmdir(target);
      }
    }
  }
}

/** The kernel refuses the same layer twice; the upper one hides all of the lower anyway. */
const withoutRepeats = (layers: readonly string[]): readonly string[] =>
  layers.filter((layer, index) => layers.lastIndexOf(layer) === index);
