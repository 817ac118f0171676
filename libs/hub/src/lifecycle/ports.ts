import type { UserRequest } from '../front/parse/container.ts';
import type { ProcessUser } from '@crihub/contract';

/** What creating a container needs to know of an image on this node. */
export interface NodeImage {
  /** `sha256:` and the digest of its config. */
  readonly id: string;
  readonly repoDigests: readonly string[];
  readonly user: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDirectory: string;
  readonly stopSignal: string;
}

export interface NodeImages {
  /** By reference, id or unique prefix of an id. */
  find(reference: string): NodeImage | undefined;
}

/** How file owners appear to a pod in a user namespace of its own. */
export interface ShiftedOwners {
  /** Path of the namespace. */
  readonly userNamespace: string;
  /** Whom uid and gid 0 of the namespace are on the host. */
  readonly rootUid: number;
  readonly rootGid: number;
}

/** Makes root filesystems from the layers of the node's images. All calls may be repeated. */
export interface RootFilesystems {
  /** Mounts a writable view of the image in the container's directory. @returns the mount point. */
  mount(
    imageId: string,
    containerDirectory: string,
    owners: ShiftedOwners | undefined,
    signal: AbortSignal,
  ): Promise<string>;
  unmount(containerDirectory: string): Promise<void>;
  /** The directory of what a container has written, whose size its statistics tell. */
  writableLayer(containerDirectory: string): string;
  /** Mounts the image read-only, for an image volume. @returns the host path of `subPath` in it. */
  mountVolume(
    imageId: string,
    target: string,
    subPath: string,
    owners: ShiftedOwners | undefined,
    signal: AbortSignal,
  ): Promise<string>;
  unmountVolume(target: string): Promise<void>;
}

/** Looks up users and groups in a root filesystem. */
export interface UserLookup {
  resolve(rootfs: string, request: UserRequest, imageUser: string): Promise<ProcessUser>;
}
