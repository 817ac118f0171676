import { appendFile, mkdtemp, open, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EntryParser } from './entry-parser.ts';
import { readLog } from './read-log.ts';
import { tailOffset } from './tail-offset.ts';

const TIME = '2026-01-02T03:04:05.678901234Z';
const parse = (...chunks: readonly (string | Buffer)[]): { stream: string; text: string }[] => {
  const parser = new EntryParser();
  return chunks
    .flatMap((chunk) => [...parser.push(Buffer.from(chunk))])
    .map(({ stream, text }) => ({ stream, text: text.toString() }));
};

describe('an entry', () => {
  it.each([
    ['a whole line', `${TIME} stdout F hello\n`, 'stdout', 'hello\n'],
    ['of standard error', `${TIME} stderr F oh\n`, 'stderr', 'oh\n'],
    ['a part of a long line', `${TIME} stdout P part\n`, 'stdout', 'part'],
    ['an empty line', `${TIME} stdout F \n`, 'stdout', '\n'],
    ['with spaces in front', `${TIME} stdout F   x\n`, 'stdout', '  x\n'],
    ['with further tags', `${TIME} stdout F:x:y z\n`, 'stdout', 'z\n'],
    ['that a crash has torn', `2026-01-02T03\n`, 'stdout', '2026-01-02T03\n'],
  ])('%s', (_sentence, line, stream, text) => {
    expect(parse(line)).toEqual([{ stream, text }]);
  });

  it('keeps bytes that are no UTF-8, and its time', () => {
    const [line] = [...new EntryParser().push(Buffer.from(`${TIME} stdout F \xff\xfe\n`, 'latin1'))];
    expect(line).toEqual({ time: TIME, stream: 'stdout', text: Buffer.from('\xff\xfe\n', 'latin1') });
  });

  it('is the same wherever the chunks end', () => {
    const log = Buffer.from(`${TIME} stdout F one\n${TIME} stderr P twö\n${TIME} stderr F \n`);
    fc.assert(
      fc.property(fc.array(fc.nat(log.length)), (cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), log.length];
        const chunks = ends.map((end, index) => log.subarray(ends[index - 1] ?? 0, end));
        expect(parse(...chunks)).toEqual(parse(log));
      }),
    );
  });
});

describe('a log file', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crihub-logs-'));
    path = join(folder, 'main.log');
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  const collect = async (chunks: AsyncIterable<Buffer>, into: Buffer[] = []): Promise<string> => {
    for await (const chunk of chunks) into.push(chunk);
    return Buffer.concat(into).toString();
  };
  const ended = async (): Promise<boolean> => true;
  const until = async (into: readonly Buffer[], text: string): Promise<void> => {
    while (Buffer.concat(into).toString() !== text) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it('has its last lines found, whatever their number and length', async () => {
    const lines = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 50_000 }), {
      maxLength: 8,
    });
    const property = fc.asyncProperty(lines, fc.nat(10), async (texts, wanted) => {
      await writeFile(path, texts.map((text) => `${text}\n`).join(''));
      const expected = wanted === 0 ? [] : texts.slice(-wanted);
      expect(await collect(readLog(path, { tail: wanted, hasEnded: ended }))).toBe(
        expected.map((text) => `${text}\n`).join(''),
      );
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it('that does not end with a newline has its last line counted', async () => {
    await writeFile(path, 'one\ntwo\nthr');
    await using file = await open(path);
    expect(await tailOffset(file, 1)).toBe('one\ntwo\n'.length);
  });

  it('is read as it grows, through rotation and truncation, to its end', async () => {
    await writeFile(path, 'one\n');
    let over = false;
    const read: Buffer[] = [];
    const all = collect(readLog(path, { hasEnded: async () => over }), read);
    await until(read, 'one\n');
    await appendFile(path, 'two\n');
    await rename(path, join(folder, 'main.log.1'));
    await until(read, 'one\ntwo\n');
    await appendFile(join(folder, 'main.log.1'), 'late\n');
    await writeFile(path, 'three\n');
    await until(read, 'one\ntwo\nlate\nthree\n');
    await truncate(path);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await appendFile(path, 'four\n');
    over = true;
    expect(await all).toBe('one\ntwo\nlate\nthree\nfour\n');
  });

  it('that is not there is an error', async () => {
    await expect(collect(readLog(path, { hasEnded: ended }))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
