import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSandboxId, type SandboxId } from '@crihub/kernel';

/** Which pods were started: an empty file each, since nothing of a container can be changed for a mark. */
export class StartedPods {
  readonly #directory: string;
  readonly #ids = new Set<SandboxId>();

  constructor({ directory }: { readonly directory: string }) {
    this.#directory = directory;
  }

  async load(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o711 });
    for (const name of await readdir(this.#directory)) {
      const id = parseSandboxId(name);
      if (id !== undefined) this.#ids.add(id);
    }
  }

  has(id: SandboxId): boolean {
    return this.#ids.has(id);
  }

  async add(id: SandboxId): Promise<void> {
    if (this.#ids.has(id)) return;
    await writeFile(join(this.#directory, id), '');
    this.#ids.add(id);
  }

  async remove(id: SandboxId): Promise<void> {
    if (!this.#ids.has(id)) return;
    await rm(join(this.#directory, id), { force: true });
    this.#ids.delete(id);
  }
}
