import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RecordingLogger } from '@crihub/kernel/testing';
import { type SpawnedProcess, spawnProcess } from '@crihub/transport/process';
import { ServiceManager } from './service-manager.ts';

let directory: string;
let receiver: SpawnedProcess;
const logger = new RecordingLogger();

const received = async (): Promise<string> =>
  await readFile(join(directory, 'received'), 'utf8').catch(() => '');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-notify-'));
  receiver = await spawnProcess('socat', {
    args: ['-u', `UNIX-RECV:${join(directory, 'socket')}`, `CREATE:${join(directory, 'received')}`],
  });
  await vi.waitFor(async () => await readFile(join(directory, 'received')), 5_000);
});
afterEach(async () => {
  receiver.killGroup();
  await receiver.exited;
  await rm(directory, { recursive: true });
});

it('tells systemd when it serves, that it lives, and when it stops', async () => {
  const environment = {
    NOTIFY_SOCKET: join(directory, 'socket'),
    WATCHDOG_USEC: '40000',
    WATCHDOG_PID: String(process.pid),
  };
  using manager = new ServiceManager(environment, { logger });
  manager.ready('serving');
  await vi.waitFor(
    async () => expect(await received()).toMatch(/^READY=1\nSTATUS=servingWATCHDOG=1WATCHDOG=1/),
    5_000,
  );
  manager.stopping();
  await vi.waitFor(async () => expect(await received()).toContain('STOPPING=1'), 5_000);
  expect(logger.lines).toEqual([]);
});

it('keeps no watchdog of another process alive, and says nothing where there is no systemd', async () => {
  using other = new ServiceManager(
    { NOTIFY_SOCKET: join(directory, 'socket'), WATCHDOG_USEC: '2000', WATCHDOG_PID: '1' },
    { logger },
  );
  other.ready('serving');
  using nobody = new ServiceManager({}, { logger });
  nobody.ready('serving');
  nobody.stopping();
  await vi.waitFor(async () => expect(await received()).toBe('READY=1\nSTATUS=serving'), 5_000);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await received()).not.toContain('WATCHDOG');
});
