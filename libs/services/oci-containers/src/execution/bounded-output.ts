import type { Readable } from 'node:stream';

/** Of what a machine's programs say in a line or a complaint, more is not worth keeping. */
const KEPT_BYTES = 64 * 1024;

/** What a stream begins with; the rest is read and let go. */
export async function headOf(stream: Readable, keptBytes = KEPT_BYTES): Promise<string> {
  const kept: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (length < keptBytes) kept.push(chunk.subarray(0, keptBytes - length));
    length += chunk.length;
  }
  return Buffer.concat(kept).toString();
}

/** The first line of a stream, cut where it is too long; `undefined` if it ends without one. Destroys the stream. */
export async function firstLineOf(stream: Readable, keptBytes = KEPT_BYTES): Promise<string | undefined> {
  let text = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    text = Buffer.concat([text, chunk]);
    const end = text.indexOf('\n');
    if (end >= 0) return text.toString('utf8', 0, end);
    if (text.length > keptBytes) break;
  }
  return text.length === 0 ? undefined : text.toString('utf8', 0, keptBytes);
}
