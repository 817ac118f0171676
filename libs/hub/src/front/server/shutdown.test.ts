import { status as codes } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { sleep } from '@crihub/kernel';
import { GetEventsRequest, RuntimeServiceService, VersionResponse } from '@crihub/wire/cri';
import { ask, TestServer } from './testing/test-server.ts';

const version = (test: TestServer): Promise<VersionResponse> =>
  ask(test.runtime, RuntimeServiceService.version, { version: '' });

/** A server whose Version waits: for `finish`, and for its signal if it honours it. */
async function busyServer(honoursSignal = true) {
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const test = await TestServer.start({
    runtime: {
      Version: async (_request, { signal }) => {
        await (honoursSignal ? Promise.race([finished, sleep(60_000, signal)]) : finished);
        return VersionResponse.create({ runtimeName: 'done' });
      },
    },
  });
  const answer = version(test);
  answer.catch(() => undefined);
  await expect.poll(() => test.observer.startedMethods).toEqual(['Version']);
  return { test, answer, finish };
}

const timed = async (work: Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work;
  return performance.now() - start;
};

describe('drain', () => {
  it('lets a running call end and refuses new ones', async () => {
    const { test: server, answer, finish } = await busyServer();
    await using test = server;
    const drained = test.server.drain(10_000);
    await sleep(20);
    await expect(version(test)).rejects.toMatchObject({ code: codes.UNAVAILABLE });
    finish();
    expect(await answer).toMatchObject({ runtimeName: 'done' });
    expect(await timed(drained)).toBeLessThan(2_000);
    expect(test.observer.ended).toEqual(['Version OK']);
  });

  it('does not wait for an idle client, nor for one that streams', async () => {
    let reason: unknown;
    await using test = await TestServer.start({
      runtime: {
        Version: async () => VersionResponse.create(),
        async *GetContainerEvents(_request, { signal }) {
          await sleep(60_000, signal).finally(() => {
            reason = signal.reason;
          });
        },
      },
    });
    await version(test);
    const stream = test.runtime.getContainerEvents(GetEventsRequest.create());
    const error = new Promise((resolve) => stream.once('error', resolve));
    await expect.poll(() => test.observer.startedMethods).toContain('GetContainerEvents');
    expect(await timed(test.server.drain(10_000))).toBeLessThan(2_000);
    expect(reason).toMatchObject({ kind: 'Unavailable' });
    expect(await error).toMatchObject({ code: codes.UNAVAILABLE, details: 'crihub is shutting down' });
  });

  it('tells a call that takes longer than the grace period to stop, and its client why', async () => {
    const { test: server, answer } = await busyServer();
    await using test = server;
    const ms = await timed(test.server.drain(100));
    expect(ms).toBeGreaterThan(90);
    expect(ms).toBeLessThan(2_000);
    await expect(answer).rejects.toMatchObject({
      code: codes.UNAVAILABLE,
      details: 'crihub is shutting down',
    });
  });

  it('ends also when a handler ignores its signal', async () => {
    const { test: server, answer, finish } = await busyServer(false);
    await using test = server;
    expect(await timed(test.server.drain(50))).toBeLessThan(2_000);
    await expect(answer).rejects.toMatchObject({ code: expect.any(Number) as number });
    expect(test.logger.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: 'calls cut short by the shutdown',
        fields: { calls: 1 },
      }),
    );
    finish();
    await expect.poll(() => test.observer.ended).toHaveLength(1);
  });

  it('is over at once when a second signal forces it', async () => {
    const { test: server, answer } = await busyServer();
    await using test = server;
    const drained = test.server.drain(60_000);
    await sleep(20);
    expect(await timed(test.server.forceClose())).toBeLessThan(2_000);
    await drained;
    await expect(answer).rejects.toMatchObject({ code: codes.UNAVAILABLE });
  });

  it('may be asked for again, and of a server that never listened', async () => {
    await using test = await TestServer.start();
    await Promise.all([test.server.drain(100), test.server.drain(100), test.server.forceClose()]);
    await test.server.drain(100);
  });
});

describe('after thousands of calls', () => {
  it('nothing of them is left', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): number => warnings.push(warning);
    process.on('warning', onWarning);
    await using test = await TestServer.start({ runtime: { Version: async () => VersionResponse.create() } });
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(Array.from({ length: 100 }, () => version(test)));
    }
    expect(test.observer.ended).toHaveLength(2_000);
    expect(await timed(test.server.drain(5_000))).toBeLessThan(2_000);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});
