import { describe, expect, it } from 'vitest';
import { EventHub } from './event-hub.ts';

describe('EventHub', () => {
  it('hands every event to every subscriber', async () => {
    const hub = new EventHub<number>();
    const stop = new AbortController();
    const collect = async (): Promise<number[]> => {
      const seen: number[] = [];
      for await (const event of hub.subscribe(stop.signal)) seen.push(event);
      return seen;
    };
    const both = Promise.all([collect(), collect()]);
    await Promise.resolve();
    for (const event of [1, 2, 3]) hub.publish(() => event);
    stop.abort();
    expect(await both).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(hub.subscribers).toBe(0);
  });

  it('makes no event that nobody wants', () => {
    new EventHub<number>().publish(() => {
      throw new Error('made');
    });
  });

  it('drops the oldest for a subscriber that does not read, and counts them', async () => {
    const hub = new EventHub<number>();
    const stop = new AbortController();
    const slow = hub.subscribe(stop.signal)[Symbol.asyncIterator]();
    const first = slow.next();
    for (let event = 0; event < 1_500; event += 1) hub.publish(() => event);
    expect(hub.dropped).toBeGreaterThanOrEqual(500);
    expect((await first).done).toBe(false);
    stop.abort();
    await slow.return(undefined);
    expect(hub.dropped).toBeGreaterThanOrEqual(500);
  });
});
