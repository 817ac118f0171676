import { mkdtempDisposable, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '@crihub/kernel';
import { RecordingLogger } from '@crihub/kernel/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ContainerLog } from './container-log.ts';
import { encodeChunk } from './entry-format.ts';
import { followStream } from './follow-stream.ts';
import { readLogPosition } from './log-position.ts';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

const NOW = 1_790_000_000_123_456_789n;
const TIME = '2026-09-21T14:13:20.123456789Z';
const clock = { nowNs: () => NOW };

async function newLog(): Promise<{ path: string; log: ContainerLog } & AsyncDisposable> {
  const directory = await mkdtempDisposable(join(tmpdir(), 'container-log-'));
  const path = join(directory.path, '0.log');
  const log = new ContainerLog({ path }, { clock, logger: silentLogger });
  return {
    path,
    log,
    [Symbol.asyncDispose]: async () => {
      await log.close();
      await directory.remove();
    },
  };
}

it.each<[string, string, readonly string[]]>([
  ['a line', 'one\n', ['F one']],
  ['several lines', 'one\ntwo\n', ['F one', 'F two']],
  ['an empty line', '\n', ['F ']],
  ['a line without its end', 'one', ['P one']],
  ['a line of the greatest length', `${'x'.repeat(8)}\n`, ['F xxxxxxxx']],
  ['a longer line', `${'x'.repeat(17)}\n`, ['P xxxxxxxx', 'P xxxxxxxx', 'F x']],
  ['a long line without its end', 'x'.repeat(16), ['P xxxxxxxx', 'P xxxxxxxx']],
])('encodes %s', (_sentence, text, expected) => {
  const encoded = encodeChunk(NOW, 'stdout', Buffer.from(text), 8).toString();
  expect(encoded).toBe(expected.map((entry) => `${TIME} stdout ${entry}\n`).join(''));
});

it('loses and adds no byte, however lines and chunks fall', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', '\n'), maxLength: 60 })),
      fc.nat(20),
      (chunks, n) => {
        const encoded = chunks.map((chunk) =>
          encodeChunk(NOW, 'stderr', Buffer.from(chunk), n + 1).toString(),
        );
        const lines = encoded.join('').split('\n').slice(0, -1);
        const texts = lines.map((line) => line.slice(`${TIME} stderr F `.length));
        const joined = lines
          .map((line, i) => `${String(texts[i])}${line.includes(' F ') ? '\n' : ''}`)
          .join('');
        return joined === chunks.join('') && texts.every((text) => text.length <= n + 1);
      },
    ),
  );
});

it('keeps times to the nanosecond', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 19n }),
      (time) => parseTimestamp(formatTimestamp(time)) === time,
    ),
  );
  expect(parseTimestamp('2026-09-21T16:13:20.5+02:00')).toBe(1_790_000_000_500_000_000n);
  expect(parseTimestamp('yesterday')).toBeUndefined();
});

it('writes both streams in order, and goes on in a new file after reopen', async () => {
  await using rig = await newLog();
  await Promise.all([
    rig.log.write('stdout', Buffer.from('a\n')),
    rig.log.write('stderr', Buffer.from('b\n')),
  ]);
  await rename(rig.path, `${rig.path}.1`);
  await rig.log.write('stdout', Buffer.from('c\n'));
  await rig.log.reopen();
  await rig.log.write('stdout', Buffer.from('d\n'));
  expect(await readFile(`${rig.path}.1`, 'utf8')).toBe(
    `${TIME} stdout F a\n${TIME} stderr F b\n${TIME} stdout F c\n`,
  );
  expect(await readFile(rig.path, 'utf8')).toBe(`${TIME} stdout F d\n`);
});

it('makes an empty file for readers who come before the first line', async () => {
  await using rig = await newLog();
  await rig.log.open();
  expect(await readFile(rig.path, 'utf8')).toBe('');
});

it('discards everything and makes no file without a path', async () => {
  const log = new ContainerLog({ path: '' }, { clock, logger: silentLogger });
  await log.write('stdout', Buffer.from('a\n'));
  await log.open();
  await log.reopen();
  await log.close();
  expect(log.droppedBytes).toBe(0);
});

it('starts a new line behind an entry that a dead writer left unfinished', async () => {
  await using rig = await newLog();
  await writeFile(rig.path, `${TIME} stdout F tor`);
  await rig.log.write('stdout', Buffer.from('a\n'));
  expect(await readFile(rig.path, 'utf8')).toBe(`${TIME} stdout F tor\n${TIME} stdout F a\n`);
});

it('drops what a full disk refuses, says so once, and the writer is not held', async () => {
  const logger = new RecordingLogger();
  const log = new ContainerLog({ path: '/dev/full' }, { clock, logger });
  await log.write('stdout', Buffer.from('a\n'));
  await log.write('stdout', Buffer.from('b\n'));
  await log.close();
  expect(log.droppedBytes).toBeGreaterThan(80);
  expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
});

it('keeps the old file when the new one cannot be made', async () => {
  await using rig = await newLog();
  await rig.log.write('stdout', Buffer.from('a\n'));
  const directory = join(rig.path, '..');
  await rename(directory, `${directory}-moved`);
  try {
    await expect(rig.log.reopen()).rejects.toMatchObject({ code: 'ENOENT' });
    await rig.log.write('stdout', Buffer.from('b\n'));
    expect(await readFile(join(`${directory}-moved`, '0.log'), 'utf8')).toContain('F b\n');
  } finally {
    await rename(`${directory}-moved`, directory);
  }
});

it('follows a stream to its end, and holds it back while the log is slow', async () => {
  await using rig = await newLog();
  const source = Readable.from(Array.from({ length: 500 }, (_, i) => Buffer.from(`line ${String(i)}\n`)));
  await followStream(rig.log, 'stdout', source);
  const lines = (await readFile(rig.path, 'utf8')).split('\n').slice(0, -1);
  expect(lines).toEqual(Array.from({ length: 500 }, (_, i) => `${TIME} stdout F line ${String(i)}`));
});

it('ends with a stream that is destroyed, and with one that is already gone', async () => {
  await using rig = await newLog();
  const source = new PassThrough();
  const followed = followStream(rig.log, 'stdout', source);
  source.write('a\n');
  await delay(20);
  source.destroy(new Error('broken pipe'));
  await followed;
  await followStream(rig.log, 'stdout', source);
  expect(await readFile(rig.path, 'utf8')).toBe(`${TIME} stdout F a\n`);
});

const at = (ns: number, text = 'x'): string => `${formatTimestamp(BigInt(ns))} stdout F ${text}\n`;

it.each<[string, Record<string, string>, { timeNs: bigint; entries: number } | undefined]>([
  ['nothing was written', {}, undefined],
  ['the log is empty', { '0.log': '' }, undefined],
  ['one entry is last', { '0.log': at(1) + at(2) }, { timeNs: 2n, entries: 1 }],
  ['several share the last time', { '0.log': at(1) + at(2) + at(2) }, { timeNs: 2n, entries: 2 }],
  ['the last entry is torn', { '0.log': at(1) + at(2).slice(0, 40) }, { timeNs: 1n, entries: 1 }],
  ['a mended line is in between', { '0.log': at(2) + 'torn\n' + at(2) }, { timeNs: 2n, entries: 2 }],
  [
    'the log was just rotated',
    { '0.log.20260101-000001': at(1), '0.log.20260101-000002': at(2), '0.log.20260101-000003.gz': '?' },
    { timeNs: 2n, entries: 1 },
  ],
])('finds where a log stands if %s', async (_sentence, files, expected) => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'container-log-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory.path, name), text);
  expect(await readLogPosition(join(directory.path, '0.log'))).toEqual(expected);
  expect(await readdir(directory.path)).toHaveLength(Object.keys(files).length);
});

it('writes entries that somebody else has encoded', async () => {
  await using rig = await newLog();
  await rig.log.append(Buffer.from(at(1, 'half').replace(' F ', ' P ') + at(2, ' line')));
  expect(await readLogPosition(rig.path)).toEqual({ timeNs: 2n, entries: 1 });
  expect(await readFile(rig.path, 'utf8')).toMatch(/ P half\n.* F {2}line\n$/);
});
