import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collected after so many bytes: often enough to keep little, seldom enough to cost nothing (0.2 ms). */
const COLLECT_EVERY_BYTES = 4 * 1024 * 1024;

type Collect = (options: { readonly type: 'minor'; readonly execution: 'sync' }) => void;

let collect: Collect | undefined;
let bytesSince = 0;

/**
 * Tells of bytes that were read into buffers which nobody needs any more. Node reads every chunk into a new
 * buffer, and V8, which sees the small objects only, lets some 64 MiB of dead ones pile up before it looks,
 * twice that with what malloc keeps. So whoever carries much calls this, and V8 is made to look.
 */
export function buffersSpent(bytes: number): void {
  bytesSince += bytes;
  if (bytesSince < COLLECT_EVERY_BYTES) return;
  bytesSince = 0;
  collect ??= exposeCollector();
  collect({ type: 'minor', execution: 'sync' });
}

/** V8 has the function for tests; there is no other way to ask for the young generation alone. */
function exposeCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
