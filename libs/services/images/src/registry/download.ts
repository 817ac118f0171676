import { refused } from '../content-error.ts';
import type { GrowingFile } from '../growing-file.ts';
import type { Descriptor } from '../manifest.ts';
import { failureOf, isBroken } from './failures.ts';
import type { HostClient } from './host-client.ts';
import type { HttpResponse } from './http.ts';
import { waitForRetry } from './retry.ts';

/**
 * Appends what the file lacks of a blob, in as many requests as it takes: a connection that breaks is
 * taken up where it ended. Only the length is checked here; the content is, where the file is read.
 * @throws FailedPrecondition if the registry sends more or other than asked for, or as `HostClient.send`.
 */
export async function download(
  client: HostClient,
  { digest, size }: Descriptor,
  file: GrowingFile,
  signal: AbortSignal,
): Promise<void> {
  let fruitless = 0;
  while (file.bytes < size) {
    const before = file.bytes;
    try {
      await fetchRest(client, digest, size, file, signal);
      if (file.bytes < size) throw shortBody(client.name, digest, file.bytes, size);
    } catch (error) {
      signal.throwIfAborted();
      fruitless = file.bytes > before ? 1 : fruitless + 1;
      const again =
        isWorthRepeating(error) && (await waitForRetry(client.retry, fruitless, undefined, signal));
      if (!again) throw client.explain(error);
    }
  }
}

class ShortBodyError extends Error {}

const shortBody = (host: string, digest: string, bytes: number, size: number): Error =>
  new ShortBodyError(`registry ${host} sent ${String(bytes)} of ${String(size)} bytes of blob ${digest}`);

const isWorthRepeating = (error: unknown): boolean => error instanceof ShortBodyError || isBroken(error);

async function fetchRest(
  client: HostClient,
  digest: string,
  size: number,
  file: GrowingFile,
  signal: AbortSignal,
): Promise<void> {
  const offset = file.bytes;
  const headers: Record<string, string> = offset === 0 ? {} : { range: `bytes=${String(offset)}-` };
  const response = await client.send({ resource: `blobs/${digest}`, headers }, signal);
  if (response.statusCode !== 200 && response.statusCode !== 206) {
    throw await failureOf(response, client.name, `blob ${digest}`);
  }
  let skip = response.statusCode === 206 ? checkRange(response, offset, client.name) : offset;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    const fresh = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - fresh.length;
    if (file.bytes + fresh.length > size) {
      throw refused(`registry ${client.name} sent more than the ${String(size)} bytes of blob ${digest}`);
    }
    if (fresh.length > 0) await file.append(fresh);
  }
}

/** @returns how many bytes of the body to skip: none, if the range is the one asked for. */
function checkRange(response: HttpResponse, offset: number, host: string): number {
  const start = /^bytes (\d+)-/.exec(String(response.headers['content-range'] ?? ''))?.[1];
  if (Number(start) === offset) return 0;
  void response.body.dump();
  throw refused(`registry ${host} answered a request for a range with another range`);
}
