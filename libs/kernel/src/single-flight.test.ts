import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { SingleFlight } from './single-flight.ts';

it('runs once for all who ask while it lasts, and anew afterwards', async () => {
  const flights = new SingleFlight<string, number>();
  let runs = 0;
  const operation = async (): Promise<number> => {
    await delay(2);
    return (runs += 1);
  };
  const both = Promise.all([flights.run('k', operation), flights.run('k', operation)]);
  expect([flights.has('k'), flights.size]).toEqual([true, 1]);
  expect(await both).toEqual([1, 1]);
  expect([flights.has('k'), flights.size]).toEqual([false, 0]);
  expect(await flights.run('k', operation)).toBe(2);
});

it('keeps keys apart', async () => {
  const flights = new SingleFlight<string, string>();
  const results = ['a', 'b'].map((key) => flights.run(key, async () => key));
  expect(await Promise.all(results)).toEqual(['a', 'b']);
});

it('shares a failure, and forgets it', async () => {
  const flights = new SingleFlight<string, number>();
  const fail = (): Promise<number> => Promise.reject(new Error('no'));
  const ends = await Promise.allSettled([flights.run('k', fail), flights.run('k', fail)]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await flights.run('k', async () => 1)).toBe(1);
});

it('forgets an operation that throws before it begins', async () => {
  const flights = new SingleFlight<string, number>();
  const operation = (): Promise<number> => {
    throw new Error('at once');
  };
  await expect(flights.run('k', operation)).rejects.toThrow('at once');
  expect(flights.size).toBe(0);
});

it('goes on when a caller leaves, and the next caller joins', async () => {
  const flights = new SingleFlight<string, string>();
  const { promise, resolve } = Promise.withResolvers<string>();
  const operation = vi.fn(() => promise);
  const aborter = new AbortController();
  const left = flights.run('k', operation, aborter.signal);
  aborter.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  expect(getEventListeners(aborter.signal, 'abort')).toHaveLength(0);
  const joined = flights.run('k', operation);
  resolve('done');
  expect(await joined).toBe('done');
  expect(operation).toHaveBeenCalledTimes(1);
});

it('a failure that nobody waits for any more is no accident', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  try {
    const flights = new SingleFlight<string, string>();
    const { promise, reject } = Promise.withResolvers<string>();
    await expect(flights.run('k', () => promise, AbortSignal.timeout(1))).rejects.toThrow();
    reject(new Error('later'));
    await delay(5);
    expect([flights.size, unhandled.mock.calls.length]).toEqual([0, 0]);
  } finally {
    process.off('unhandledRejection', unhandled);
  }
});

it('starts nothing for a caller who has left before', async () => {
  const operation = vi.fn(async () => 1);
  const flights = new SingleFlight<string, number>();
  await expect(flights.run('k', operation, AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
  expect(operation).not.toHaveBeenCalled();
});
