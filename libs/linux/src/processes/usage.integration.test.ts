import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listenerOf } from './listener.ts';
import { readProcessUsage } from './usage.ts';

it('reads what this process takes of the host', async () => {
  const usage = await readProcessUsage(process.pid);
  const { user, system } = process.resourceUsage !== undefined ? process.cpuUsage() : { user: 0, system: 0 };
  expect(usage?.parentPid).toBe(process.ppid);
  expect(usage?.memoryBytes).toBeGreaterThan(10_000_000);
  expect(usage?.memoryBytes).toBeLessThanOrEqual(process.resourceUsage().maxRSS * 1024);
  expect(usage?.cpuSeconds).toBeGreaterThan(0);
  expect(usage?.cpuSeconds).toBeLessThanOrEqual((user + system) / 1e6 + 0.1);
});

it('finds nothing of a process that is no more, or the kernel', async () => {
  expect(await readProcessUsage(2 ** 22)).toBeUndefined();
});

it('finds who listens on a socket', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'crihub-listener-'));
  const server = createServer().listen(join(directory, 's'));
  await new Promise((resolve) => server.once('listening', resolve));
  expect(await listenerOf(join(directory, 's'))).toBe(process.pid);
  expect(await listenerOf(join(directory, 'none'))).toBeUndefined();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});
