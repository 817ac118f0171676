import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Container, Mount } from '@crihub/contract';
import { type ContainerId, RuntimeError, type SandboxId } from '@crihub/kernel';
import { listMounts, type Mounts } from '@crihub/linux';
import { filesOf, hostExits, logIn, lowerIn, mountIn } from './guest-layout.ts';
import type { SharedDirectory } from './guest.ts';

/** What a pod's directory holds for its guest. */
export interface PodShareDirectories {
  /** What this host puts together; mounts made here appear in `view`. */
  readonly made: string;
  /** What the guest is shown, read-only but for the volumes mounted in it. */
  readonly view: string;
  readonly reports: string;
}

/** The directories of a pod, below one of its own. */
export const podShareDirectories = (directory: string): PodShareDirectories => ({
  made: join(directory, 'made'),
  view: join(directory, 'files'),
  reports: join(directory, 'reports'),
});

/**
 * What a pod's guest is given of this host: each container's root filesystem, volumes and log directory, and
 * nothing else. The guest can't write between them, so nothing that is removed here leads elsewhere.
 */
export class PodShare {
  readonly #directories: PodShareDirectories;
  readonly #mounts: Mounts;

  constructor(directories: PodShareDirectories, { mounts }: { readonly mounts: Mounts }) {
    this.#directories = directories;
    this.#mounts = mounts;
  }

  /** Makes what the machine is started with. Repeatable. */
  async open(signal: AbortSignal): Promise<void> {
    const { made, view, reports } = this.#directories;
    for (const path of [made, view, join(reports, 'ends'), join(reports, 'logs'), join(reports, 'exits')]) {
      await mkdir(path, { recursive: true, mode: 0o711 });
    }
    await this.#mounts.unmountUnder(view, signal);
    await this.#mounts.unmountUnder(made, signal);
    await this.#mounts.bind({ source: made, target: made, propagation: 'shared' }, signal);
    await this.#mounts.bind({ source: made, target: view, propagation: 'slave', set: ['readonly'] }, signal);
  }

  /** Shows the guest what a container needs. Repeatable. @throws FailedPrecondition for what can't be shared. */
  async add(container: Container, signal: AbortSignal): Promise<void> {
    const { id, rootfs, mounts, logPath } = container;
    await this.removeContainer(id, signal);
    const lower = lowerIn(this.#made, id).host;
    await mkdir(lower, { recursive: true, mode: 0o711 });
    await this.#mounts.bind(
      { source: rootfs, target: lower, set: ['readonly'], propagation: 'private' },
      signal,
    );
    for (const [index, mount] of mounts.entries()) {
      await this.#addMount(mount, mountIn(this.#made, id, index).host, signal);
    }
    await mkdir(hostExits(this.#reports).persistent(id), { recursive: true, mode: 0o711 });
    if (logPath !== '') {
      const log = logIn(this.#reports, id).host;
      await mkdir(log, { recursive: true, mode: 0o711 });
      await this.#mounts.bind({ source: dirname(logPath), target: log, propagation: 'private' }, signal);
    }
  }

  /** Makes room for what is told of the pod's pause process. Repeatable. */
  async addPause(id: SandboxId): Promise<void> {
    await mkdir(hostExits(this.#reports).persistent(id), { recursive: true, mode: 0o711 });
  }

  async removeContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    const log = logIn(this.#reports, id).host;
    const files = filesOf(this.#made, id).host;
    for (const directory of [log, files]) await this.#removeUnmounted(directory, signal);
    await rm(hostExits(this.#reports).persistent(id), { recursive: true, force: true });
  }

  /** Takes back what the guest was shown, when its machine has ended: volumes must not be held any longer. Repeatable. */
  async close(signal: AbortSignal): Promise<void> {
    const { made, view, reports } = this.#directories;
    for (const directory of [reports, view, made]) await this.#mounts.unmountUnder(directory, signal);
  }

  /** Removes all traces, when the machine is gone. Repeatable. */
  async remove(signal: AbortSignal): Promise<void> {
    const { made, view, reports } = this.#directories;
    for (const directory of [reports, view, made]) await this.#removeUnmounted(directory, signal);
  }

  async #addMount(
    { source, readonly, recursiveReadonly, propagation }: Mount,
    target: string,
    signal: AbortSignal,
  ): Promise<void> {
    const found = await stat(source);
    if (found.isDirectory()) await mkdir(target, { mode: 0o711 });
    else if (found.isFile()) await writeFile(target, '', { mode: 0o600 });
    else throw cannotBeShared(source);
    await this.#mounts.bind(
      {
        source,
        target,
        recursive: true,
        recursiveSettings: recursiveReadonly,
        set: readonly ? ['readonly'] : [],
        propagation: propagation === 'private' ? 'private' : 'slave',
      },
      signal,
    );
  }

  /** What is still mounted somewhere below would be emptied with it: then nothing is removed. */
  async #removeUnmounted(directory: string, signal: AbortSignal): Promise<void> {
    await this.#mounts.unmountUnder(directory, signal);
    if ((await listMounts(directory)).length > 0) {
      throw new RuntimeError('Internal', `something is still mounted below ${directory}: it is not removed`);
    }
    await rm(directory, { recursive: true, force: true });
  }

  get #made(): SharedDirectory {
    return { host: this.#directories.made, guest: '/' };
  }

  get #reports(): SharedDirectory {
    return { host: this.#directories.reports, guest: '/' };
  }
}

const cannotBeShared = (source: string): RuntimeError =>
  new RuntimeError(
    'FailedPrecondition',
    `the mount source ${source} is neither a file nor a directory: sockets, FIFOs and devices of the host can't be ` +
      'reached from a virtual machine',
    { operation: 'create container' },
  );
