import { once } from 'node:events';
import { constants, createDeflate, createInflate } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DICTIONARY } from './dictionary.ts';
import { encodeFields, HeaderDeflater, HeaderInflater } from './header-block.ts';

/** The blocks of a zlib stream as other implementations make it: one stream, a sync flush after each. */
async function deflateAll(blocks: readonly Buffer[], level: number): Promise<Buffer[]> {
  const deflate = createDeflate({ dictionary: DICTIONARY, flush: constants.Z_SYNC_FLUSH, level });
  const deflated: Buffer[] = [];
  for (const block of blocks) {
    await new Promise((resolve) => deflate.write(block, resolve));
    deflated.push(deflate.read() as Buffer);
  }
  deflate.close();
  return deflated;
}

async function inflateAll(blocks: readonly Buffer[]): Promise<Buffer> {
  const inflate = createInflate({ dictionary: DICTIONARY });
  const read: Buffer[] = [];
  inflate.on('data', (chunk: Buffer) => read.push(chunk));
  for (const block of blocks) await new Promise((resolve) => inflate.write(block, resolve));
  inflate.close();
  await once(inflate, 'close');
  return Buffer.concat(read);
}

const name = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
const value = fc.stringMatching(/^[ -~]{0,60}$/);
const fields = fc
  .array(fc.tuple(name, value), { maxLength: 8 })
  .map((entries): ReadonlyMap<string, string> => new Map(entries));

it('inflates what any zlib deflates, block after block, also beyond the window', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fields, { maxLength: 40 }),
      fc.integer({ min: 0, max: 9 }),
      async (blocks, level) => {
        const long = new Map([['long', 'abc'.repeat(15_000)]]);
        const all = [...blocks, long, ...blocks];
        const inflater = new HeaderInflater();
        const deflated = await deflateAll(all.map(encodeFields), level);
        expect(deflated.map((block) => inflater.inflate(block))).toEqual(all);
      },
    ),
    { numRuns: 25 },
  );
});

it('deflates what any zlib inflates, at once and to the last byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fields, { minLength: 1, maxLength: 10 }), async (blocks) => {
      const deflater = new HeaderDeflater();
      const deflated = blocks.map((block) => deflater.deflate(block));
      expect(await inflateAll(deflated)).toEqual(Buffer.concat(blocks.map(encodeFields)));
    }),
  );
});

it('compares names in lower case, as Go writes them otherwise', () => {
  const block = new HeaderDeflater().deflate(new Map([['StreamType', 'Data']]));
  expect(new HeaderInflater().inflate(block)).toEqual(new Map([['streamtype', 'Data']]));
});

const good = (): Buffer => new HeaderDeflater().deflate(new Map([['a', 'b']]));
const raw = (block: Buffer): Buffer => {
  const stored = Buffer.from(good());
  return Buffer.concat([
    stored.subarray(0, 6),
    Buffer.of(0, block.length, 0, ~block.length & 0xff, 0xff),
    block,
  ]);
};

it.each([
  ['no bytes', Buffer.alloc(0), 'does not begin as a zlib stream'],
  ['bytes that are no zlib stream', Buffer.from('streamtype: data'), 'does not begin as a zlib stream'],
  ['a stream without its blocks', good().subarray(0, 6), 'shorter than it says'],
  ['another dictionary', Buffer.concat([good().subarray(0, 2), Buffer.alloc(20)]), 'another dictionary'],
  [
    'rubbish after the head',
    Buffer.concat([good().subarray(0, 6), Buffer.alloc(20, 7)]),
    "can't be inflated",
  ],
  ['fewer fields than announced', raw(Buffer.of(0, 0, 0, 2)), 'shorter than it says'],
  ['a name longer than the block', raw(Buffer.of(0, 0, 0, 1, 0, 0, 1, 0, 65)), 'shorter than it says'],
  ['a million fields', raw(Buffer.of(0, 15, 0, 0)), 'says that it has 983040 fields'],
])('refuses %s', (_sentence, block, complaint) => {
  expect(() => new HeaderInflater().inflate(block)).toThrow(complaint);
});

it('refuses a small block that inflates to much', async () => {
  const [bomb] = await deflateAll([Buffer.alloc(50_000_000)], 9);
  expect(bomb?.length).toBeLessThan(60_000);
  expect(() => new HeaderInflater().inflate(bomb ?? Buffer.alloc(0))).toThrow(
    "can't be inflated to 65536 bytes",
  );
});
