import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Container, Mount } from '@crihub/contract';
import { type ContainerId, kindOf, RuntimeError } from '@crihub/kernel';
import type { BindMount, ProcessMounts } from '@crihub/linux';
import { filesOf, logIn, lowerIn, mountIn } from './guest-layout.ts';
import type { GuestShares, SharedDirectory } from './guest.ts';
import type { PodShare } from './pod-share.ts';

export interface GuestViewDependencies {
  readonly share: PodShare;
  /** Of the machine, which sees its shares where its guest does. */
  readonly mounts: Pick<ProcessMounts, 'bind' | 'unmountUnder'>;
}

/**
 * What a running guest is shown of this host: each container's root filesystem, volumes and log directory, and
 * nothing else. All is mounted for the machine alone, so it neither outlives it nor keeps volumes busy here.
 */
export class GuestView {
  readonly #shares: GuestShares;
  readonly #dependencies: GuestViewDependencies;

  constructor({ files, reports }: GuestShares, dependencies: GuestViewDependencies) {
    this.#shares = { files, reports };
    this.#dependencies = dependencies;
  }

  /** Shows what a container needs. Repeatable. @throws FailedPrecondition for what can't be shared. */
  async add(container: Container, signal: AbortSignal): Promise<void> {
    const { id, rootfs, mounts, logPath } = container;
    const { files, reports } = this.#shares;
    await this.removeContainer(id, signal);
    const lower = lowerIn(files, id);
    await mkdir(lower.host, { recursive: true, mode: 0o711 });
    await this.#bind(
      { source: rootfs, target: lower.guest, set: ['readonly'], propagation: 'private' },
      signal,
    );
    for (const [index, mount] of mounts.entries()) {
      await this.#addMount(mount, mountIn(files, id, index), signal);
    }
    await this.#dependencies.share.addReports(id);
    if (logPath !== '') {
      const log = logIn(reports, id);
      await mkdir(log.host, { recursive: true, mode: 0o711 });
      await this.#bind({ source: dirname(logPath), target: log.guest, propagation: 'private' }, signal);
    }
  }

  /** Repeatable. */
  async removeContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    const { share, mounts } = this.#dependencies;
    const { files, reports } = this.#shares;
    for (const { guest } of [logIn(reports, id), filesOf(files, id)]) {
      try {
        await mounts.unmountUnder(guest, signal);
      } catch (error) {
        if (kindOf(error) !== 'NotFound') throw error; // with the machine its mounts have gone
      }
    }
    await share.removeContainer(id);
  }

  async #addMount(
    { source, readonly, recursiveReadonly, propagation }: Mount,
    target: SharedDirectory,
    signal: AbortSignal,
  ): Promise<void> {
    const found = await stat(source);
    if (found.isDirectory()) await mkdir(target.host, { mode: 0o711 });
    else if (found.isFile()) await writeFile(target.host, '', { mode: 0o600 });
    else throw cannotBeShared(source);
    await this.#bind(
      {
        source,
        target: target.guest,
        recursive: true,
        recursiveSettings: recursiveReadonly,
        set: readonly ? ['readonly'] : [],
        propagation: propagation === 'private' ? 'private' : 'slave',
      },
      signal,
    );
  }

  async #bind(mount: BindMount, signal: AbortSignal): Promise<void> {
    try {
      await this.#dependencies.mounts.bind(mount, signal);
    } catch (cause) {
      if (kindOf(cause) !== 'NotFound') throw cause;
      const message = 'the machine of the pod has ended';
      throw new RuntimeError('Unavailable', message, { operation: 'create container', cause });
    }
  }
}

const cannotBeShared = (source: string): RuntimeError =>
  new RuntimeError(
    'FailedPrecondition',
    `the mount source ${source} is neither a file nor a directory: sockets, FIFOs and devices of the host can't be ` +
      'reached from a virtual machine',
    { operation: 'create container' },
  );
