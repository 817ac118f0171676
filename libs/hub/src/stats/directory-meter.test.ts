import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DirectoryMeter } from './directory-meter.ts';
import { containerRecord } from './testing/fixtures.ts';

const none = new AbortController().signal;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-layer-'));
});
afterEach(async () => rm(directory, { recursive: true }));

const measure = (path: string | undefined, signal = none) =>
  new DirectoryMeter(() => path).usage(containerRecord(), signal);

describe('DirectoryMeter', () => {
  it('counts files, directories and links, a file of several names once', async () => {
    const empty = (await measure(directory))?.bytes ?? 0;
    await mkdir(join(directory, 'etc'));
    await writeFile(join(directory, 'etc/big'), Buffer.alloc(1_000_000, 1), { flush: true });
    await link(join(directory, 'etc/big'), join(directory, 'again'));
    await symlink('/', join(directory, 'outside'));
    const usage = await measure(directory);
    expect(usage?.inodes).toBe(4); // itself, etc, big, outside
    expect((usage?.bytes ?? 0) - empty).toBeGreaterThanOrEqual(1_000_000);
    expect((usage?.bytes ?? 0) - empty).toBeLessThan(1_100_000);
  });

  it('takes directories that hold more than a batch', async () => {
    const names = Array.from({ length: 200 }, (_none, index) => join(directory, String(index)));
    await Promise.all(names.map((name) => writeFile(name, '')));
    expect((await measure(directory))?.inodes).toBe(201);
  });

  it('a layer that is not there, or not on this host, has no size', async () => {
    expect(await measure(join(directory, 'gone'))).toBeUndefined();
    expect(await measure(undefined)).toBeUndefined();
  });

  it('stops when it is told to', async () => {
    await expect(measure(directory, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });
});
