import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLogProgress } from './log-tail.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-tail-'));
  path = join(directory, '0.log');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const line = (second: number): string =>
  `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000000Z stdout F text\n`;
const at = (second: number): bigint => BigInt(Date.UTC(2026, 0, 1, 0, 0, second)) * 1_000_000n;

describe('where a log ends', () => {
  it('is its beginning if there is none', async () => {
    expect(await readLogProgress(path)).toEqual({ sinceNs: 0n, skip: 0 });
  });

  it('is counted from a while before its last line', async () => {
    await writeFile(path, [1, 2, 3, 4, 5].map(line).join(''));
    expect(await readLogProgress(path)).toEqual({ sinceNs: at(3), skip: 3 });
  });

  it('is before an entry that was not finished, which is cut off', async () => {
    await writeFile(path, `${line(1)}${line(2)}${line(3).slice(0, -3)}`);
    expect(await readLogProgress(path)).toEqual({ sinceNs: at(0), skip: 2 });
    expect(await readFile(path, 'utf8')).toBe(line(1) + line(2));
  });

  it('counts what the kubelet has moved away', async () => {
    await writeFile(`${path}.20260101-000000`, line(1));
    await writeFile(`${path}.20260101-000010`, line(8) + line(9));
    await writeFile(path, line(10));
    expect(await readLogProgress(path)).toEqual({ sinceNs: at(8), skip: 3 });
  });
});
