import { finished, type Writable } from 'node:stream';
import { untilAborted } from '@crihub/kernel';

/** Ends a stream to a client; resolves when all of it has been sent, or can't be. */
export async function endStream(stream: Writable | undefined, gone: AbortSignal): Promise<void> {
  if (stream === undefined) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  finished(stream, { readable: false }, () => resolve());
  stream.end();
  await untilAborted(promise, gone).catch(() => undefined); // gone: then nothing is owed
}
