import { closeSync, openSync } from 'node:fs';

const O_PATH = 0o10000000;

/** Short names without awkward characters for directories that overlayfs is to take; good until disposed. */
export class LayerPaths implements Disposable {
  readonly #files: number[] = [];

  of(path: string): string {
    const file = openSync(path, O_PATH);
    this.#files.push(file);
    return `/proc/self/fd/${String(file)}`;
  }

  [Symbol.dispose](): void {
    for (const file of this.#files.splice(0)) closeSync(file);
  }
}
