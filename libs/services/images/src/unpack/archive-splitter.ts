import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { refused, tooLarge } from '../content-error.ts';
import { printable } from './byte-string.ts';
import { decompress } from './decompress.ts';
import { entryPath } from './entry-path.ts';
import { type TarEntry, TarParser, type TarSink } from './tar-parser.ts';

export interface SplitJob {
  /** Names the archive in errors. */
  readonly origin: string;
  /** An empty directory, where the members become files named by number. */
  readonly directory: string;
  readonly maxBytes: number;
}

/** A regular file of an archive, or a link to one, by its path in the archive. */
export type ArchiveMember =
  | { readonly path: string; readonly kind: 'file'; readonly file: string; readonly size: number }
  | { readonly path: string; readonly kind: 'link'; readonly target: string };

const MAX_MEMBERS = 20_000;

/**
 * Splits an image archive into its members. Names of members are never used as names of files, so a
 * hostile archive has nothing to aim at.
 */
export async function splitArchive(
  job: SplitJob,
  source: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<readonly ArchiveMember[]> {
  const splitter = new ArchiveSplitter(job);
  const parser = new TarParser(splitter);
  const consume = async (archive: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of archive) parser.write(chunk);
  };
  try {
    await decompress(source, consume, { signal });
    parser.finish();
    return splitter.members;
  } finally {
    splitter.close();
  }
}

class ArchiveSplitter implements TarSink {
  readonly members: ArchiveMember[] = [];
  readonly #job: SplitJob;
  #fd: number | undefined;
  #bytes = 0;

  constructor(job: SplitJob) {
    this.#job = job;
  }

  entry(entry: TarEntry): void {
    if (this.members.length >= MAX_MEMBERS) {
      throw tooLarge(`${this.#job.origin} has more than ${String(MAX_MEMBERS)} members`);
    }
    const path = entryPath(entry.name);
    if (entry.type === 'file') this.#file(path, entry.size);
    else if (entry.type === 'symlink' || entry.type === 'hardlink') {
      this.members.push({ path, kind: 'link', target: resolveLink(path, entry) });
    } else if (entry.type !== 'directory') {
      throw refused(`${this.#job.origin} holds ${printable(path)}, which is not a file`);
    }
  }

  data(chunk: Buffer): void {
    if (this.#fd === undefined) return;
    for (let offset = 0; offset < chunk.length;) offset += writeSync(this.#fd, chunk, offset);
  }

  end(): void {
    this.close();
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #file(path: string, size: number): void {
    this.#bytes += size;
    if (this.#bytes > this.#job.maxBytes) {
      throw tooLarge(`${this.#job.origin} is larger than ${String(this.#job.maxBytes)} bytes`);
    }
    const file = join(this.#job.directory, String(this.members.length));
    this.#fd = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    this.members.push({ path, kind: 'file', file, size });
  }
}

/** The member that a link means; old versions of `docker save` link equal layers to each other. */
function resolveLink(path: string, { type, linkName }: TarEntry): string {
  if (type === 'hardlink') return entryPath(linkName);
  const components = path.split('/').slice(0, -1);
  for (const component of linkName.split('/')) {
    if (component === '..') components.pop();
    else if (component !== '.' && component !== '') components.push(component);
  }
  return components.join('/');
}
