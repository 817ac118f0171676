import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { untilWritable } from './until-writable.ts';

function fullStream(): PassThrough {
  const stream = new PassThrough({ highWaterMark: 1 });
  stream.write('more than it holds');
  return stream;
}

it.each<[string, (stream: PassThrough, leave: AbortController) => void]>([
  ['takes more', (stream) => void stream.resume()],
  ['was closed', (stream) => void stream.destroy()],
  ['is waited for no longer', (_stream, leave) => leave.abort()],
])('waits until a stream %s, and leaves no listener', async (_sentence, act) => {
  const stream = fullStream();
  const before = stream.listenerCount('drain') + stream.listenerCount('close');
  const leave = new AbortController();
  const waiting = untilWritable(stream, leave.signal);
  act(stream, leave);
  await waiting;
  expect(stream.listenerCount('drain') + stream.listenerCount('close')).toBe(before);
});
