import { getEventListeners } from 'node:events';
import { expect, it, vi } from 'vitest';
import { sleep, withDeadline } from './deadline.ts';
import { kindOf } from './errors.ts';

const forever = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

it('sleep ends after its time, or with the signal’s own reason', async () => {
  await sleep(1);
  const aborter = new AbortController();
  const sleeping = sleep(60_000, aborter.signal);
  aborter.abort(new Error('wake up'));
  await expect(sleeping).rejects.toThrow('wake up');
  await expect(sleep(60_000, aborter.signal)).rejects.toThrow('wake up');
  expect(getEventListeners(aborter.signal, 'abort')).toHaveLength(0);
});

it('sleep leaves no listener when its time is over', async () => {
  const { signal } = new AbortController();
  await sleep(1, signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

it('withDeadline gives the result of work that is in time', async () => {
  expect(await withDeadline('work', 60_000, undefined, async () => 1)).toBe(1);
});

it('withDeadline passes on the error of work that is in time', async () => {
  const work = (): Promise<never> => Promise.reject(new Error('no'));
  await expect(withDeadline('work', 60_000, undefined, work)).rejects.toThrow('no');
});

it('withDeadline says what took too long', async () => {
  await expect(withDeadline('pull image', 5, undefined, forever)).rejects.toMatchObject({
    kind: 'DeadlineExceeded',
    message: 'pull image took longer than 5 ms',
    operation: 'pull image',
  });
});

it('withDeadline says so too when the work translates its abort into an error of its own', async () => {
  const work = (signal: AbortSignal): Promise<never> =>
    forever(signal).catch(() => {
      throw new Error('socket closed');
    });
  await expect(withDeadline('work', 5, undefined, work)).rejects.toMatchObject({ kind: 'DeadlineExceeded' });
});

it('withDeadline rejects with the caller’s reason when the caller gives up', async () => {
  const aborter = new AbortController();
  const working = withDeadline('work', 60_000, aborter.signal, forever);
  aborter.abort(new Error('enough'));
  await expect(working).rejects.toThrow('enough');
});

it('withDeadline keeps the result of work that ends late all the same', async () => {
  const late = (signal: AbortSignal): Promise<string> => forever(signal).catch(() => 'made');
  expect(await withDeadline('work', 5, undefined, late)).toBe('made');
});

it.each([[Number.POSITIVE_INFINITY], [2 ** 31], [Number.MAX_SAFE_INTEGER]])(
  'a time of %d ms is long, not none: timers of Node end at 24 days',
  async (ms) => {
    const warned = vi.fn();
    process.on('warning', warned);
    const work = async (signal: AbortSignal): Promise<boolean> => {
      await sleep(20);
      return signal.aborted;
    };
    expect(await withDeadline('work', ms, undefined, work)).toBe(false);
    const aborter = new AbortController();
    const sleeping = sleep(ms, aborter.signal).then(() => 'over');
    expect(await Promise.race([sleeping, sleep(20).then(() => 'asleep')])).toBe('asleep');
    aborter.abort(new Error('end of test'));
    await expect(sleeping).rejects.toThrow('end of test');
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  },
);

it('the error of an expired time is known by its kind', async () => {
  const error: unknown = await withDeadline('work', 1, undefined, forever).catch((reason: unknown) => reason);
  expect(kindOf(new Error('outer', { cause: error }))).toBe('DeadlineExceeded');
});
