import { isRuntimeError, RuntimeError } from '@crihub/kernel';
import { createHash } from 'node:crypto';
import { refused, tooLarge } from '../content-error.ts';
import type { Digest } from '../digest.ts';
import { decompress, isDecompressionError } from './decompress.ts';
import type { LayerLimits } from './layer-limits.ts';
import { type LayerUsage, LayerWriter } from './layer-writer.ts';
import { TarParser } from './tar-parser.ts';

export interface LayerJob {
  /** Names the layer in errors: `layer sha256:… of quay.io/a/b`. */
  readonly origin: string;
  /** Of the blob as it is distributed. */
  readonly digest: Digest;
  readonly size: number;
  /** Of the uncompressed archive. */
  readonly diffId: Digest;
  /** Where to unpack: an empty directory. Without it the blob is only verified. */
  readonly directory?: string | undefined;
  readonly limits: LayerLimits;
  readonly allowDevices: boolean;
}

/**
 * Verifies a layer blob while it arrives and unpacks it. After a rejection the directory holds rubbish,
 * for the caller to remove.
 * @throws FailedPrecondition if digest, size, compression or archive are not right, ResourceExhausted
 *   beyond a limit.
 */
export async function unpackLayer(
  job: LayerJob,
  source: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<LayerUsage> {
  const blob = new VerifiedBlob(job, source);
  const writer =
    job.directory === undefined ? undefined : new LayerWriter({ ...job, directory: job.directory });
  try {
    const parser = writer === undefined ? undefined : new TarParser(writer);
    // Equal digests: the blob is the archive itself, and hashing it once is enough.
    const plain = job.digest === job.diffId;
    await decompress(blob.read(), archiveConsumer(job, parser, plain), { signal, plain });
    parser?.finish();
    blob.verify();
    return writer?.finish() ?? { bytes: 0, inodes: 0 };
  } catch (error) {
    // Wrong bytes make the decompressor or the parser stumble first; the digest is the better story.
    if (!signal.aborted && isAboutContent(error)) await blob.verifyToTheEnd();
    throw explain(job, error);
  } finally {
    writer?.close();
  }
}

/** Hashes and parses the uncompressed archive. */
function archiveConsumer(
  { diffId, limits }: LayerJob,
  parser: TarParser | undefined,
  plain: boolean,
): (chunks: AsyncIterable<Buffer>) => Promise<void> {
  return async (chunks) => {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > limits.maxLayerBytes) {
        throw tooLarge(
          `the layer is larger than ${String(limits.maxLayerBytes)} bytes; maxLayerBytes raises the limit`,
        );
      }
      if (!plain) hash.update(chunk);
      parser?.write(chunk);
    }
    if (plain) return;
    const actual = `sha256:${hash.digest('hex')}`;
    if (actual !== diffId) throw refused(`it unpacks to ${actual}, and the image config says ${diffId}`);
  };
}

/** A blob read once, hashed and counted on the way. */
class VerifiedBlob {
  readonly #job: LayerJob;
  readonly #source: AsyncIterator<Buffer>;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  constructor(job: LayerJob, source: AsyncIterable<Buffer>) {
    this.#job = job;
    this.#source = source[Symbol.asyncIterator]();
  }

  async *read(): AsyncGenerator<Buffer> {
    for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next()) {
      this.#bytes += next.value.length;
      this.#hash.update(next.value);
      yield next.value;
    }
  }

  verify(): void {
    const { size, digest } = this.#job;
    if (this.#bytes !== size) throw refused(`it has ${String(this.#bytes)} bytes instead of ${String(size)}`);
    const actual = `sha256:${this.#hash.copy().digest('hex')}`;
    if (actual !== digest) throw refused(`its content has the digest ${actual}`);
  }

  /** @throws FailedPrecondition if the blob itself is wrong. */
  async verifyToTheEnd(): Promise<void> {
    try {
      for await (const _chunk of this.read());
      this.verify();
    } catch (error) {
      throw explain(this.#job, error);
    }
  }
}

const isAboutContent = (error: unknown): boolean =>
  (isRuntimeError(error) && error.kind !== 'ResourceExhausted') || isDecompressionError(error);

function explain({ origin }: LayerJob, error: unknown): unknown {
  if (isDecompressionError(error)) return refused(`${origin} can't be decompressed: ${error.message}`, error);
  if (isRuntimeError(error) && !error.message.startsWith(origin)) {
    return new RuntimeError(error.kind, `${origin}: ${error.message}`, { cause: error });
  }
  return error;
}
