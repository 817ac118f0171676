import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Semaphore } from './semaphore.ts';

it('lets so many in and no more, the rest in order of arrival', async () => {
  const semaphore = new Semaphore(2);
  const order: number[] = [];
  let most = 0;
  const work = (n: number) => async (): Promise<void> => {
    order.push(n);
    most = Math.max(most, semaphore.held);
    await delay(1);
  };
  await Promise.all([1, 2, 3, 4, 5].map((n) => semaphore.run(work(n))));
  expect([order, most, semaphore.held, semaphore.waiting]).toEqual([[1, 2, 3, 4, 5], 2, 0, 0]);
});

it('gives the place back once, however often it is disposed, and when the work fails', async () => {
  const semaphore = new Semaphore(1);
  const place = await semaphore.acquire();
  place[Symbol.dispose]();
  place[Symbol.dispose]();
  expect(semaphore.held).toBe(0);
  await expect(semaphore.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(semaphore.held).toBe(0);
});

it('forgets a waiter that gives up', async () => {
  const semaphore = new Semaphore(1);
  const place = await semaphore.acquire();
  const aborter = new AbortController();
  const gaveUp = semaphore.acquire(aborter.signal);
  const behind = semaphore.acquire(aborter.signal).catch((reason: unknown) => reason);
  expect(semaphore.waiting).toBe(2);
  aborter.abort(new Error('enough'));
  await expect(gaveUp).rejects.toThrow('enough');
  expect(await behind).toMatchObject({ message: 'enough' });
  expect([semaphore.waiting, getEventListeners(aborter.signal, 'abort').length]).toEqual([0, 0]);
  place[Symbol.dispose]();
  expect(semaphore.held).toBe(0);
});

it.each([
  ['the place comes first', true],
  ['the abort comes first', false],
])('loses no place when both come in one turn, and %s', async (_sentence, placeFirst) => {
  const semaphore = new Semaphore(1);
  const place = await semaphore.acquire();
  const aborter = new AbortController();
  const waiting = semaphore.acquire(aborter.signal).then(
    (granted) => granted[Symbol.dispose](),
    () => undefined,
  );
  if (placeFirst) place[Symbol.dispose]();
  aborter.abort(new Error('x'));
  if (!placeFirst) place[Symbol.dispose]();
  await waiting;
  expect([semaphore.held, semaphore.waiting]).toEqual([0, 0]);
});

it('keeps its limit and its places under any mixture of work and aborts', async () => {
  const job = fc.record({ startMs: fc.nat(3), lastsMs: fc.nat(3), abortMs: fc.nat(6) });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(job, { maxLength: 15 }),
      async (limit, jobs) => {
        const semaphore = new Semaphore(limit);
        let inside = 0;
        let broken = false;
        const run = async ({ startMs, lastsMs, abortMs }: (typeof jobs)[number]): Promise<void> => {
          await delay(startMs);
          const aborter = new AbortController();
          const timer = setTimeout(() => aborter.abort(new Error('x')), abortMs);
          const work = async (): Promise<void> => {
            inside += 1;
            broken ||= inside > limit || semaphore.held > limit;
            await delay(lastsMs);
            inside -= 1;
          };
          await semaphore.run(work, aborter.signal).finally(() => clearTimeout(timer));
        };
        await Promise.allSettled(jobs.map(run));
        return !broken && semaphore.held === 0 && semaphore.waiting === 0;
      },
    ),
    { numRuns: 40 },
  );
});

describe('a limit that changes', () => {
  it('lets those in who wait, when it grows', async () => {
    const semaphore = new Semaphore(1);
    await semaphore.acquire();
    const second = semaphore.acquire();
    semaphore.limit = 2;
    await second;
    expect([semaphore.held, semaphore.waiting]).toEqual([2, 0]);
  });

  it('lets nobody in until enough have left, when it shrinks', async () => {
    const semaphore = new Semaphore(2);
    const [first, second] = [await semaphore.acquire(), await semaphore.acquire()];
    const third = semaphore.acquire();
    semaphore.limit = 1;
    first[Symbol.dispose]();
    expect([semaphore.held, semaphore.waiting]).toEqual([1, 1]);
    second[Symbol.dispose]();
    await third;
    expect([semaphore.held, semaphore.waiting]).toEqual([1, 0]);
  });
});
