import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withoutStartingServices } from './service-guard.ts';

describe('withoutStartingServices', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'crihub-guard-'));
    file = path.join(directory, 'policy-rc.d');
  });
  afterEach(async () => rm(directory, { recursive: true }));

  it('forbids services while the work runs, and leaves nothing behind', async () => {
    const during = await withoutStartingServices(async () => readFile(file, 'utf8'), file);
    expect(during).toContain('exit 101');
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leaves nothing behind when the work fails', async () => {
    const failing = withoutStartingServices(async () => Promise.reject(new Error('no network')), file);
    await expect(failing).rejects.toThrow('no network');
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it("leaves the machine's own policy alone", async () => {
    await writeFile(file, '#!/bin/sh\nexit 101\n');
    await withoutStartingServices(async () => Promise.resolve(), file);
    expect(await readFile(file, 'utf8')).toBe('#!/bin/sh\nexit 101\n');
  });

  it('removes a policy of ours that a killed run left', async () => {
    await withoutStartingServices(async () => {
      const left = await readFile(file, 'utf8');
      await withoutStartingServices(async () => Promise.resolve(), file);
      expect(left).toContain('crihub');
    }, file);
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
