import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerId, SandboxId } from '@crihub/kernel';
import { filesOf, hostExits, logIn } from './guest-layout.ts';
import type { SharedDirectory } from './guest.ts';

/** What a pod's directory holds for its guest; on this host they are plain directories. */
export interface PodShareDirectories {
  /** What the guest is shown, read-only but for the volumes mounted in it. */
  readonly files: string;
  readonly reports: string;
}

/** The directories of a pod, below one of its own. */
export const podShareDirectories = (directory: string): PodShareDirectories => ({
  files: join(directory, 'files'),
  reports: join(directory, 'reports'),
});

/**
 * The directories that a pod's guest is given of this host. What is mounted in them is mounted for its machine
 * alone (`guest-view.ts`), so here they hold mount points and reports, and can be removed as they are.
 */
export class PodShare {
  readonly #directories: PodShareDirectories;

  constructor(directories: PodShareDirectories) {
    this.#directories = directories;
  }

  /** Makes what the machine is started with. Repeatable. */
  async open(): Promise<void> {
    const { files, reports } = this.#directories;
    for (const path of [files, join(reports, 'ends'), join(reports, 'logs'), join(reports, 'exits')]) {
      await mkdir(path, { recursive: true, mode: 0o711 });
    }
  }

  /** Makes room for what is told of a container, or of the pod's pause process. Repeatable. */
  async addReports(id: ContainerId | SandboxId): Promise<void> {
    await mkdir(hostExits(this.#reports).persistent(id), { recursive: true, mode: 0o711 });
  }

  /** Repeatable. */
  async removeContainer(id: ContainerId): Promise<void> {
    const reports = this.#reports;
    const places = [
      logIn(reports, id).host,
      filesOf(this.#files, id).host,
      hostExits(reports).persistent(id),
    ];
    for (const path of places) await rm(path, { recursive: true, force: true });
  }

  /** Removes all traces, when the machine is gone. Repeatable. */
  async remove(): Promise<void> {
    const { files, reports } = this.#directories;
    for (const directory of [reports, files]) await rm(directory, { recursive: true, force: true });
  }

  get #files(): SharedDirectory {
    return { host: this.#directories.files, guest: '/' };
  }

  get #reports(): SharedDirectory {
    return { host: this.#directories.reports, guest: '/' };
  }
}
