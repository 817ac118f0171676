import { readFile } from 'node:fs/promises';
import { refused } from '../content-error.ts';
import { MAX_DOCUMENT_BYTES } from '../manifest.ts';
import type { ArchiveMember } from '../unpack/archive-splitter.ts';

export interface ArchiveFile {
  readonly file: string;
  readonly size: number;
}

const MAX_LINKS = 8;

/** The members of an image archive by their paths, with links followed. */
export class ArchiveMembers {
  readonly #origin: string;
  readonly #members: ReadonlyMap<string, ArchiveMember>;

  constructor(origin: string, members: readonly ArchiveMember[]) {
    this.#origin = origin;
    this.#members = new Map(members.map((member) => [member.path, member]));
  }

  has(path: string): boolean {
    return this.#members.has(path);
  }

  /** @throws FailedPrecondition if there is no such file. */
  file(path: string): ArchiveFile {
    let member = this.#members.get(path.replace(/^\.?\//, ''));
    for (let links = 0; member?.kind === 'link' && links < MAX_LINKS; links += 1) {
      member = this.#members.get(member.target);
    }
    if (member?.kind === 'file') return member;
    throw refused(`${this.#origin} has no file ${JSON.stringify(path.slice(0, 200))}`);
  }

  /** The content of a manifest, config or index. */
  async document(path: string): Promise<Buffer> {
    const { file, size } = this.file(path);
    if (size > MAX_DOCUMENT_BYTES)
      throw refused(`${path} of ${this.#origin} is too large: ${String(size)} bytes`);
    return await readFile(file);
  }
}
