import { PassThrough, pipeline, type Readable } from 'node:stream';

/**
 * A stream that keeps what comes for a reader who comes late. Node discards what a child has printed and
 * nobody has begun to read when the child exits. Backpressure and destruction reach the source.
 */
export function keptOutput(source: Readable): Readable {
  const kept = new PassThrough();
  // An error of the source ends the kept stream with it, whose reader learns of it.
  pipeline(source, kept, () => undefined);
  return kept;
}
