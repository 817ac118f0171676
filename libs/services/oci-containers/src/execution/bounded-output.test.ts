import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { firstLineOf, headOf } from './bounded-output.ts';

const streamOf = (...chunks: readonly string[]): Readable =>
  Readable.from(chunks.map((text) => Buffer.from(text)));

async function* flood(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(1000, 'x');
}

it.each([
  ['all of a short stream', ['ab', 'cd'], 'abcd'],
  ['no more than is kept', ['abcdef', 'ghijkl', 'mn'], 'abcdefgh'],
  ['nothing of an empty one', [], ''],
])('keeps %s', async (_sentence, chunks, kept) => {
  expect(await headOf(streamOf(...chunks), 8)).toBe(kept);
});

it.each([
  ['a line that comes in pieces', ['a', 'b\nc\n'], 'ab'],
  ['an empty line', ['\nx'], ''],
  ['one without an end', ['abc'], 'abc'],
  ['none of an empty stream', [], undefined],
])('finds %s', async (_sentence, chunks, line) => {
  expect(await firstLineOf(streamOf(...chunks))).toBe(line);
});

it('cuts a line that does not end', async () => {
  expect(await firstLineOf(Readable.from(flood()), 1500)).toBe('x'.repeat(1500));
});
