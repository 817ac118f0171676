import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mapFile } from '@crihub/linux';
import { PENDING_BYTES, PendingOutput } from './pending-output.ts';

export interface PendingOutputsOptions {
  /** For one file for each stream that is read at the same time; of this boot alone. */
  readonly directory: string;
}

/** The pending output of all streams. A file is never given back, but serves one stream after another. */
export class PendingOutputs {
  readonly #directory: string;
  readonly #left = new Map<string, PendingOutput>();
  readonly #free: PendingOutput[] = [];
  #files = 0;

  constructor({ directory }: PendingOutputsOptions) {
    this.#directory = directory;
  }

  /** Takes over what an earlier daemon left. */
  async adopt(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const names = await readdir(this.#directory);
    const all = await Promise.all(names.map((name) => this.#map(name)));
    this.#files = Math.max(0, ...names.map((name) => Number(name) || 0));
    for (const pending of all) {
      if (pending.chunk !== undefined) this.#left.set(pending.name, pending);
      else {
        if (pending.isTaken) pending.clear();
        this.#free.push(pending);
      }
    }
  }

  /** What an earlier daemon left of the stream of that name, for once. */
  takeLeft(name: string): PendingOutput | undefined {
    const left = this.#left.get(name);
    this.#left.delete(name);
    return left;
  }

  /** An empty one for the stream of that name. */
  async open(name: string): Promise<PendingOutput> {
    const pending = this.#free.pop() ?? (await this.#add());
    pending.serve(name);
    return pending;
  }

  /** For others, when nobody reads into it any more. */
  release(pending: PendingOutput): void {
    if (pending.isTaken) pending.clear();
    this.#free.push(pending);
  }

  /** Gives up what is left of streams that are not there any more. */
  forgetLeft(): void {
    for (const pending of this.#left.values()) {
      pending.clear();
      this.#free.push(pending);
    }
    this.#left.clear();
  }

  #add(): Promise<PendingOutput> {
    this.#files += 1;
    return this.#map(String(this.#files));
  }

  async #map(name: string): Promise<PendingOutput> {
    return new PendingOutput(await mapFile(join(this.#directory, name), PENDING_BYTES));
  }
}
