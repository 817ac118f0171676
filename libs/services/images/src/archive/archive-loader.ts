import { Semaphore } from '@crihub/kernel';
import { mkdir, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { refused } from '../content-error.ts';
import { GrowingFile } from '../growing-file.ts';
import type { ImageRecord } from '../image.ts';
import type { ImageAssembler } from '../image-assembler.ts';
import type { Platform } from '../platform.ts';
import { parseReference } from '../reference.ts';
import type { StorePaths } from '../store-paths.ts';
import type { ArchiveMember } from '../unpack/archive-splitter.ts';
import type { Unpacker } from '../unpack/unpacker.ts';
import { ArchiveMembers } from './archive-members.ts';
import type { ArchivedImage } from './archived-image.ts';
import { readDockerArchive } from './docker-archive.ts';
import { readOciLayout } from './oci-layout.ts';

export interface ArchiveLoaderOptions {
  readonly platform: Platform;
  readonly maxArchiveBytes: number;
}

interface ArchiveLoaderDependencies {
  readonly paths: StorePaths;
  readonly unpacker: Unpacker;
  readonly assembler: ImageAssembler;
}

// Their files are on the disk already.
const PARALLEL_LAYERS = 2;

/** Loads images from docker-archive and OCI-layout tars, plain or compressed. */
export class ArchiveLoader {
  readonly #options: ArchiveLoaderOptions;
  readonly #dependencies: ArchiveLoaderDependencies;

  constructor(options: ArchiveLoaderOptions, dependencies: ArchiveLoaderDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Loads all images of an archive, given as a path or as it arrives. */
  async load(archive: string | Readable, signal: AbortSignal): Promise<readonly ImageRecord[]> {
    const { paths } = this.#dependencies;
    const origin = typeof archive === 'string' ? `archive ${archive}` : 'the archive';
    const directory = paths.newTemporary('archive');
    await mkdir(directory, { mode: 0o700 });
    try {
      const members = await this.#split(archive, origin, directory, signal);
      const records: ImageRecord[] = [];
      for (const image of await this.#images(new ArchiveMembers(origin, members), origin)) {
        records.push(await this.#assemble(image, origin, signal));
      }
      return records;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #images(members: ArchiveMembers, origin: string): Promise<readonly ArchivedImage[]> {
    if (members.has('oci-layout')) return await readOciLayout(members, origin, this.#options.platform);
    if (members.has('manifest.json')) return await readDockerArchive(members, origin);
    throw refused(`${origin} is neither a docker-archive nor an OCI image layout`);
  }

  async #assemble(image: ArchivedImage, origin: string, signal: AbortSignal): Promise<ImageRecord> {
    return await this.#dependencies.assembler.assemble(
      {
        ...image,
        origin: image.names[0] ?? origin,
        repoTags: image.names.map(tagOf),
        repoDigests: [],
        sourceOf: (layer, index) => ({ kind: 'file', path: image.fileOf(layer, index) }),
        downloads: new Semaphore(PARALLEL_LAYERS),
      },
      signal,
    );
  }

  async #split(
    archive: string | Readable,
    origin: string,
    directory: string,
    signal: AbortSignal,
  ): Promise<readonly ArchiveMember[]> {
    const { unpacker, paths } = this.#dependencies;
    const job = { origin, directory, maxBytes: this.#options.maxArchiveBytes };
    if (typeof archive === 'string')
      return await unpacker.split(await GrowingFile.whole(archive), job, signal);
    const file = await GrowingFile.create(paths.newTemporary('stream'));
    const failure = new AbortController();
    const either = AbortSignal.any([signal, failure.signal]);
    const stop = (error: unknown): never => {
      failure.abort(error);
      archive.destroy();
      throw error;
    };
    try {
      const [, members] = await Promise.allSettled([
        copy(archive, file, either).catch(stop),
        unpacker.split(file, job, either).catch(stop),
      ]);
      either.throwIfAborted();
      if (members.status === 'rejected') throw members.reason;
      return members.value;
    } finally {
      await file.close();
      await rm(file.path, { force: true });
    }
  }
}

async function copy(source: Readable, file: GrowingFile, signal: AbortSignal): Promise<void> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    await file.append(chunk);
  }
  file.complete();
}

/** @throws InvalidArgument if the archive names its image by something else than a tag. */
function tagOf(name: string): string {
  const reference = parseReference(name);
  if (reference.kind === 'name' && reference.target.kind === 'tag') return reference.text;
  throw refused(`the archive names an image "${name}", which has no tag`);
}
