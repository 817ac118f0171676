import { silentLogger } from '@crihub/kernel';
import { expect, it, vi } from 'vitest';
import { NetworkStatusMonitor, type ProbeResult } from './network-status.ts';

const READY: ProbeResult = { state: 'ready' };
const FAILING: ProbeResult = { state: 'failing', message: 'no route' };
const MISSING: ProbeResult = { state: 'missing', message: 'no config' };

it.each<[string, [atMs: number, found: ProbeResult][], boolean[]]>([
  ['is not ready before it was ever ready', [[0, FAILING]], [false]],
  [
    'stays ready during the grace',
    [
      [0, READY],
      [10, FAILING],
      [109, FAILING],
    ],
    [true, true, true],
  ],
  [
    'is not ready after the grace',
    [
      [0, READY],
      [10, FAILING],
      [110, FAILING],
    ],
    [true, true, false],
  ],
  [
    'begins the grace anew after a good answer',
    [
      [0, READY],
      [10, FAILING],
      [50, READY],
      [120, FAILING],
    ],
    [true, true, true, true],
  ],
  [
    'loses a missing configuration at once',
    [
      [0, READY],
      [1, MISSING],
    ],
    [true, false],
  ],
  [
    'has no grace when it was not ready',
    [
      [0, MISSING],
      [1, FAILING],
      [2, READY],
    ],
    [false, false, true],
  ],
])('%s', async (_sentence, answers, expected) => {
  let now = 0;
  let found: ProbeResult = READY;
  const monitor = new NetworkStatusMonitor(
    { intervalMs: 60_000, graceMs: 100 },
    { probe: async () => found, logger: silentLogger, now: () => now },
  );
  const seen: boolean[] = [];
  for ([now, found] of answers) {
    await monitor.refresh();
    seen.push(monitor.current.ready);
  }
  expect(seen).toEqual(expected);
  await monitor.close();
});

it('says why, and takes a probe that throws for a failing one', async () => {
  const probe = async (): Promise<ProbeResult> => {
    throw new Error('plugin is gone');
  };
  const monitor = new NetworkStatusMonitor({}, { probe, logger: silentLogger });
  expect(monitor.current).toMatchObject({ ready: false, message: 'the network has not been asked yet' });
  await monitor.start();
  expect(monitor.current).toEqual({
    ready: false,
    reason: 'NetworkPluginNotReady',
    message: 'plugin is gone',
  });
  await monitor.close();
});

it('asks again and again, and never twice at once, until it is closed', async () => {
  let running = 0;
  let most = 0;
  const probe = vi.fn(async (): Promise<ProbeResult> => {
    most = Math.max(most, (running += 1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    return READY;
  });
  const monitor = new NetworkStatusMonitor({ intervalMs: 1 }, { probe, logger: silentLogger });
  await Promise.all([monitor.start(), monitor.refresh(), monitor.refresh()]);
  await vi.waitFor(() => expect(probe.mock.calls.length).toBeGreaterThan(3), 5_000);
  await monitor.close();
  const calls = probe.mock.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect([most, running, probe.mock.calls.length]).toEqual([1, 0, calls]);
});

it('aborts the question that is under way when it is closed', async () => {
  const probe = (signal: AbortSignal): Promise<ProbeResult> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
  const monitor = new NetworkStatusMonitor({}, { probe, logger: silentLogger });
  const started = monitor.start();
  await monitor.close();
  await started;
  expect(monitor.current).toMatchObject({ message: 'the network has not been asked yet' });
});
