import type { Readable } from 'node:stream';
import { kindOf, RuntimeError } from '@crihub/kernel';
import type { GrpcConnection } from '@crihub/transport/grpc-client';
import { content } from '@crihub/wire/containerd';
import { ifFound } from '../failures.ts';
import { underLease } from './lease-service.ts';

export interface Blob {
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  open(): Readable;
}

const { ContentService: service, WriteAction, WriteContentRequest } = content;

/** containerd's blobs by digest. */
export class ContentStore {
  readonly #connection: GrpcConnection;

  constructor(connection: GrpcConnection) {
    this.#connection = connection;
  }

  async has(digest: string, signal?: AbortSignal): Promise<boolean> {
    return (await ifFound(this.#connection.call(service.info, { digest }, signal))) !== undefined;
  }

  /**
   * Streams a blob in; containerd checks its size and digest. One that is there already is kept.
   * @throws FailedPrecondition if the blob is not what it should be.
   */
  async write(blob: Blob, leaseId: string, signal: AbortSignal): Promise<void> {
    const metadata = underLease(leaseId);
    const ref = `crihub-${blob.digest}`;
    // A part of an attempt before this one can't be trusted to be a beginning of the same bytes.
    await ifFound(this.#connection.call(service.abort, { ref }, signal, { metadata }));
    let isCommitted = false;
    try {
      const answers = this.#connection.exchange(service.write, requests(blob, ref), signal, { metadata });
      for await (const { action } of answers) isCommitted ||= action === WriteAction.COMMIT;
    } catch (error) {
      if (kindOf(error) === 'AlreadyExists') return;
      throw error;
    }
    if (isCommitted) return;
    throw new RuntimeError('Internal', `containerd did not say that it keeps blob ${blob.digest}`);
  }
}

async function* requests(
  blob: Blob,
  ref: string,
): AsyncGenerator<ReturnType<typeof WriteContentRequest.create>> {
  const about = { ref, total: BigInt(blob.size), expected: blob.digest };
  let offset = 0n;
  for await (const data of blob.open() as AsyncIterable<Buffer>) {
    yield WriteContentRequest.create({ ...about, action: WriteAction.WRITE, offset, data });
    offset += BigInt(data.length);
  }
  yield WriteContentRequest.create({ ...about, action: WriteAction.COMMIT, offset });
}
