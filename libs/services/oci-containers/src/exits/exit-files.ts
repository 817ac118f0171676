import type { ContainerExit } from '@crihub/contract';
import type { ContainerId, SandboxId } from '@crihub/kernel';
import { oomFile } from '../conmon/conmon-arguments.ts';
import type { Files } from '../execution/executor.ts';
import type { ExitLayout } from '../layout.ts';

/** What a container that nobody saw end is said to have exited with. */
export const UNKNOWN_EXIT_CODE = 255;

/** The files in which conmon leaves how a container ended. */
export class ExitFiles {
  readonly #layout: ExitLayout;
  readonly #files: Files;

  constructor({ layout, files }: { readonly layout: ExitLayout; readonly files: Files }) {
    this.#layout = layout;
    this.#files = files;
  }

  async read(id: ContainerId | SandboxId): Promise<ContainerExit | undefined> {
    const path = this.#layout.exit(id);
    const [code, status, oom] = await Promise.all([
      this.#files.read(path),
      this.#files.status(path),
      this.#files.status(oomFile(this.#layout.persistent(id))),
    ]);
    if (code === undefined || status === undefined) return undefined;
    const exitCode = /^\d{1,3}$/.test(code.trim()) ? Math.min(Number(code), 255) : UNKNOWN_EXIT_CODE;
    return { exitCode, finishedAt: status.modifiedAt, oomKilled: oom !== undefined };
  }

  /** Says for a conmon that is dead what it can't say any more. */
  async write(id: ContainerId | SandboxId, exitCode = UNKNOWN_EXIT_CODE): Promise<void> {
    await this.#files.write(this.#layout.exit(id), String(exitCode));
  }

  async remove(id: ContainerId | SandboxId): Promise<void> {
    await this.#files.remove(this.#layout.exit(id));
  }
}
