import { join } from 'node:path';
import type { ContainerId, SandboxId } from '@crihub/kernel';
import type { ContainerLayout, ExitLayout } from '@crihub/service-oci-containers';
import type { GuestShares, SharedDirectory } from './guest.ts';

/** In the guest's memory: conmon's sockets and FIFOs can't be made on a shared directory. */
const RUN = '/run/crihub';

/** Where the files of a pod's containers are in its guest. */
export class GuestLayout implements ContainerLayout {
  readonly runtimeRoot = `${RUN}/runtime`;
  readonly exits: string;
  readonly #shares: GuestShares;

  constructor(shares: GuestShares) {
    this.#shares = shares;
    this.exits = exitsIn(shares.reports).guest;
  }

  /** Socket paths end at 107 bytes, so ids are cut where only this guest's must differ. */
  bundle(id: ContainerId | SandboxId): string {
    return `${RUN}/bundles/${id.slice(0, 32)}`;
  }

  persistent(id: ContainerId | SandboxId): string {
    return endIn(this.#shares.reports, id).guest;
  }

  /** What holds the writable layers of all containers. */
  readonly roots = `${RUN}/roots`;

  /** What holds the container's writable root filesystem. */
  root(id: ContainerId): string {
    return `${this.roots}/${id.slice(0, 32)}`;
  }

  rootfs(id: ContainerId): string {
    return `${this.root(id)}/rootfs`;
  }
}

/** The exit files as this host has them. */
export const hostExits = (reports: SharedDirectory): ExitLayout & { readonly directory: string } => ({
  directory: exitsIn(reports).host,
  exit: (id) => join(exitsIn(reports).host, id),
  persistent: (id) => endIn(reports, id).host,
});

/** What both sides see below a shared directory. */
export const below = ({ host, guest }: SharedDirectory, ...names: readonly string[]): SharedDirectory => ({
  host: join(host, ...names),
  guest: join(guest, ...names),
});

/** Where a container's log is written: the kubelet's own directory. */
export const logIn = (reports: SharedDirectory, id: ContainerId): SharedDirectory =>
  below(reports, 'logs', id);

/** The directory of what one container is made of. */
export const filesOf = (files: SharedDirectory, id: ContainerId): SharedDirectory => below(files, id);

export const lowerIn = (files: SharedDirectory, id: ContainerId): SharedDirectory =>
  below(filesOf(files, id), 'rootfs');

/** A volume or file, by its place among the container's mounts. */
export const mountIn = (files: SharedDirectory, id: ContainerId, index: number): SharedDirectory =>
  below(filesOf(files, id), `mount-${String(index)}`);

const exitsIn = (reports: SharedDirectory): SharedDirectory => below(reports, 'exits');

const endIn = (reports: SharedDirectory, id: string): SharedDirectory => below(reports, 'ends', id);
