import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { KeyedMutex, untilAborted } from './keyed-mutex.ts';

it('gives a key to one holder at a time, in order of arrival', async () => {
  const mutex = new KeyedMutex<string>();
  const order: number[] = [];
  let inside = 0;
  const work = (n: number) => async (): Promise<void> => {
    expect((inside += 1)).toBe(1);
    await delay(1);
    order.push(n);
    inside -= 1;
  };
  await Promise.all([1, 2, 3, 4].map((n) => mutex.run('k', work(n))));
  expect(order).toEqual([1, 2, 3, 4]);
  expect(mutex.size).toBe(0);
});

it('lets different keys run side by side', async () => {
  const mutex = new KeyedMutex<string>();
  using _a = await mutex.acquire('a');
  using _b = await mutex.acquire('b');
  expect(mutex.size).toBe(2);
});

it('gives the key back when the work fails', async () => {
  const mutex = new KeyedMutex<string>();
  await expect(mutex.run('k', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await mutex.run('k', async () => 'next')).toBe('next');
});

it('releases once, however often it is disposed', async () => {
  const mutex = new KeyedMutex<string>();
  const first = await mutex.acquire('k');
  first[Symbol.dispose]();
  using _second = await mutex.acquire('k');
  first[Symbol.dispose]();
  await expect(mutex.acquire('k', AbortSignal.timeout(10))).rejects.toThrow();
});

it('a waiter that gives up neither takes the key nor lets those behind it overtake the holder', async () => {
  const mutex = new KeyedMutex<string>();
  const holder = await mutex.acquire('k');
  const aborter = new AbortController();
  const gaveUp = mutex.acquire('k', aborter.signal);
  const behind = vi.fn();
  const waiting = mutex.acquire('k').then((held) => {
    behind();
    return held;
  });
  aborter.abort(new Error('enough'));
  await expect(gaveUp).rejects.toThrow('enough');
  await delay(5);
  expect(behind).not.toHaveBeenCalled();
  holder[Symbol.dispose]();
  (await waiting)[Symbol.dispose]();
  await vi.waitFor(() => expect(mutex.size).toBe(0));
});

it('refuses a signal that has aborted before, and takes no memory for it', async () => {
  const mutex = new KeyedMutex<string>();
  await expect(mutex.acquire('k', AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
  expect(mutex.size).toBe(0);
});

it('leaves no listener on a signal, whatever the end', async () => {
  const mutex = new KeyedMutex<string>();
  const { signal } = new AbortController();
  const holder = await mutex.acquire('k', signal);
  const waiting = mutex.acquire('k', signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  holder[Symbol.dispose]();
  (await waiting)[Symbol.dispose]();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

it('excludes and forgets under any mixture of work, failure and aborts', async () => {
  const job = fc.record({
    key: fc.nat(2),
    startMs: fc.nat(3),
    lastsMs: fc.nat(3),
    abortMs: fc.option(fc.nat(4), { nil: undefined }),
    fails: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(job, { maxLength: 15 }), async (jobs) => {
      const mutex = new KeyedMutex<number>();
      const inside = new Map<number, number>();
      let broken = false;
      const run = async ({ key, startMs, lastsMs, abortMs, fails }: (typeof jobs)[number]): Promise<void> => {
        await delay(startMs);
        const aborter = new AbortController();
        const timer =
          abortMs === undefined ? undefined : setTimeout(() => aborter.abort(new Error('x')), abortMs);
        const work = async (): Promise<void> => {
          const count = (inside.get(key) ?? 0) + 1;
          inside.set(key, count);
          broken ||= count > 1;
          await delay(lastsMs);
          inside.set(key, (inside.get(key) ?? 0) - 1);
          if (fails) throw new Error('expected');
        };
        await mutex.run(key, work, aborter.signal).finally(() => clearTimeout(timer));
      };
      await Promise.allSettled(jobs.map(run));
      await delay(0);
      return !broken && mutex.size === 0;
    }),
    { numRuns: 40 },
  );
});

it('untilAborted gives the outcome of the promise, if that comes first', async () => {
  const { signal } = new AbortController();
  expect(await untilAborted(Promise.resolve(1), signal)).toBe(1);
  await expect(untilAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

it('untilAborted leaves no rejection unhandled, also when the signal has aborted before', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  try {
    const aborted = AbortSignal.abort(new Error('late'));
    await expect(untilAborted(Promise.reject(new Error('nobody hears')), aborted)).rejects.toThrow('late');
    const aborter = new AbortController();
    const { promise, reject } = Promise.withResolvers<void>();
    const waiting = untilAborted(promise, aborter.signal);
    aborter.abort(new Error('first'));
    await expect(waiting).rejects.toThrow('first');
    reject(new Error('second'));
    await delay(5);
    expect(unhandled).not.toHaveBeenCalled();
  } finally {
    process.off('unhandledRejection', unhandled);
  }
});
