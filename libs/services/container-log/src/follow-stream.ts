import type { Readable } from 'node:stream';
import type { ContainerLog } from './container-log.ts';
import type { OutputStream } from './entry-format.ts';

/**
 * Writes a process's output to its log until the stream ends, is destroyed or fails; never rejects for it.
 * The stream is read no faster than the disk takes it, which holds the process back.
 */
export async function followStream(log: ContainerLog, name: OutputStream, source: Readable): Promise<void> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  // A stream that breaks is, to the log, one that ends; whoever owns the stream learns why.
  source.once('error', () => resolve());
  source.once('end', () => resolve());
  source.once('close', () => resolve());
  let last = Promise.resolve();
  source.on('data', (chunk: Buffer) => {
    source.pause();
    last = log.write(name, chunk).finally(() => source.resume());
  });
  if (!source.destroyed) await ended;
  await last;
}
