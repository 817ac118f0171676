import { newSandboxId } from '@crihub/kernel';
import { RecordingLogger } from '@crihub/kernel/testing';
import type { ProcessUsage } from '@crihub/linux';
import { expect, it } from 'vitest';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import type { Handler } from '../router/handler.ts';
import { EngineShares } from './engine-shares.ts';

const pod = (handler: string): SandboxRecord => ({ id: newSandboxId(), handler }) as SandboxRecord;
const handler = (name: string, pids?: readonly number[]): Handler =>
  ({
    name,
    backend: pids === undefined ? {} : { engine: { processes: async () => pids } },
  }) as unknown as Handler;

it('divides what an engine takes among the pods that it serves', async () => {
  let seconds = 100;
  const usageOf = async (pid: number): Promise<ProcessUsage | undefined> =>
    pid === 9 ? undefined : { parentPid: 1, memoryBytes: 50, cpuSeconds: seconds };
  const engines = new EngineShares({
    handlers: { all: () => [handler('docker', [7, 8, 9]), handler('runc')] },
    usageOf,
    logger: new RecordingLogger(),
  });
  const [one, other, bare] = [pod('docker'), pod('docker'), pod('runc')];
  await engines.refresh([one, other, bare]);
  expect(engines.shareOf(one)).toEqual({ memoryBytes: 50, cpuSeconds: 0 });
  seconds += 4;
  await engines.refresh([one, other, bare], 'runc');
  expect(engines.shareOf(one).cpuSeconds).toBe(0);
  await engines.refresh([one, other, bare]);
  expect(engines.shareOf(one)).toEqual({ memoryBytes: 50, cpuSeconds: 4 });
  expect(engines.shareOf(bare)).toEqual({ memoryBytes: 0, cpuSeconds: 0 });
});

it('does without an engine that does not tell', async () => {
  const engine = { processes: async () => Promise.reject(new Error('away')) };
  const engines = new EngineShares({
    handlers: { all: () => [{ name: 'docker', backend: { engine } } as unknown as Handler] },
    usageOf: async () => undefined,
    logger: new RecordingLogger(),
  });
  const one = pod('docker');
  await engines.refresh([one]);
  expect(engines.shareOf(one)).toEqual({ memoryBytes: 0, cpuSeconds: 0 });
});
