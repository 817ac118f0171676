import { describe, expect, it } from 'vitest';
import { containerRecord, ManualClock, recordingLogger } from './testing/fixtures.ts';
import { type LayerUsage, WritableLayers } from './writable-layers.ts';

const record = containerRecord();
const none = new AbortController().signal;

/** Layers over a meter that answers when told to. */
function rig() {
  const clock = new ManualClock();
  const logger = recordingLogger();
  const calls: PromiseWithResolvers<LayerUsage | undefined>[] = [];
  const meter = {
    usage: (_record: unknown, signal: AbortSignal) => {
      const call = Promise.withResolvers<LayerUsage | undefined>();
      signal.addEventListener('abort', () => call.reject(signal.reason as Error), { once: true });
      calls.push(call);
      return call.promise;
    },
  };
  return { clock, logger, calls, layers: new WritableLayers({ meter, clock, logger }) };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A rig whose layer was measured once. */
async function measured() {
  const one = rig();
  const first = one.layers.usage(record, none);
  await settle();
  one.calls[0]?.resolve({ bytes: 10, inodes: 1 });
  await first;
  return one;
}

describe('WritableLayers', () => {
  it('who asks first waits for the measurement, and those after get the same', async () => {
    const { layers, calls, clock } = await measured();
    const at = clock.nowNs();
    clock.advance(10);
    expect(await layers.usage(record, none)).toEqual({ bytes: 10, inodes: 1, measuredAt: at });
    expect(calls).toHaveLength(1);
  });

  it('an old answer is given at once, and measured again once in the background', async () => {
    const { layers, calls, clock } = await measured();
    clock.advance(60);
    const answers = await Promise.all([layers.usage(record, none), layers.usage(record, none)]);
    expect(answers.map((answer) => answer?.bytes)).toEqual([10, 10]);
    await settle();
    expect(calls).toHaveLength(2);
    calls[1]?.resolve({ bytes: 99, inodes: 2 });
    await settle();
    expect((await layers.usage(record, none))?.bytes).toBe(99);
  });

  it('a slow walk is waited for no longer than a second, and answers later', async () => {
    const { layers, calls } = rig();
    const begun = performance.now();
    expect(await layers.usage(record, none)).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(2_000);
    calls[0]?.resolve({ bytes: 5, inodes: 1 });
    await settle();
    expect((await layers.usage(record, none))?.bytes).toBe(5);
  });

  it('a walk that took long is repeated more rarely', async () => {
    const { layers, calls, clock } = rig();
    const first = layers.usage(record, none);
    await settle();
    clock.advance(20);
    calls[0]?.resolve({ bytes: 5, inodes: 1 });
    await first;
    clock.advance(190);
    await layers.usage(record, none);
    await settle();
    expect(calls).toHaveLength(1);
    clock.advance(11);
    await layers.usage(record, none);
    await settle();
    expect(calls).toHaveLength(2);
    await layers.close();
  });

  it('a failure keeps the last answer and is logged', async () => {
    const { layers, calls, clock, logger } = await measured();
    clock.advance(60);
    await layers.usage(record, none);
    await settle();
    calls[1]?.reject(new Error('EIO: the disk is gone'));
    await settle();
    expect((await layers.usage(record, none))?.bytes).toBe(10);
    expect(logger.warnings).toEqual([{ container: record.id, error: 'EIO: the disk is gone' }]);
  });

  it('two layers are walked at a time', async () => {
    const { layers, calls } = rig();
    const asked = [1, 2, 3].map(() => layers.usage(containerRecord(), none));
    await settle();
    expect(calls).toHaveLength(2);
    calls[0]?.resolve(undefined);
    await settle();
    await settle();
    expect(calls).toHaveLength(3);
    await layers.close();
    expect(await Promise.all(asked)).toEqual([undefined, undefined, undefined]);
  });

  it('the caller’s signal ends its wait alone', async () => {
    const { layers, calls } = rig();
    const caller = new AbortController();
    const asked = layers.usage(record, caller.signal);
    const other = layers.usage(record, none);
    caller.abort(new Error('gave up'));
    await expect(asked).rejects.toThrow('gave up');
    calls[0]?.resolve({ bytes: 5, inodes: 1 });
    expect((await other)?.bytes).toBe(5);
  });

  it('the layers of containers that are gone are forgotten', async () => {
    const { layers, calls } = await measured();
    layers.retain(() => false);
    const again = layers.usage(record, none);
    await settle();
    expect(calls).toHaveLength(2);
    calls[1]?.resolve({ bytes: 1, inodes: 1 });
    expect((await again)?.bytes).toBe(1);
  });
});
