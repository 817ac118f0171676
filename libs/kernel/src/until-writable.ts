import type { Writable } from 'node:stream';

/** Resolves when a full stream takes more, when it was closed, or when the signal aborts; leaves no listener. */
export async function untilWritable(stream: Writable, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = (): void => resolve();
  stream.on('drain', settle).on('close', settle);
  signal?.addEventListener('abort', settle);
  await promise;
  stream.off('drain', settle).off('close', settle);
  signal?.removeEventListener('abort', settle);
}
