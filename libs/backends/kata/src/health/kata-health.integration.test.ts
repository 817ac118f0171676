import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@crihub/transport/process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KataHealth } from './kata-health.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-health-'));
  // It has no attributes at all.
  expect(await run('mount', { args: ['-t', 'ramfs', 'ramfs', directory] })).toMatchObject({ exitCode: 0 });
});

afterEach(async () => {
  expect(await run('umount', { args: [directory] })).toMatchObject({ exitCode: 0 });
  await rm(directory, { recursive: true });
});

it('says so when pods are where files have no attributes', async () => {
  const health = new KataHealth({ qemuPath: 'qemu', guestDirectory: '/', podsDirectory: directory });
  expect(await health.check(AbortSignal.timeout(5_000))).toMatchObject({
    healthy: false,
    reason: 'NoFileAttributes',
    message: expect.stringContaining('takes no user attributes') as string,
  });
});
