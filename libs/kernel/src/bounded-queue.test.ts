import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BoundedQueue } from './bounded-queue.ts';

async function collect<Item>(queue: BoundedQueue<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

it('keeps the newest items and counts the others, whatever is pushed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat()), async (capacity, items) => {
      const queue = new BoundedQueue<number>(capacity);
      for (const item of items) queue.push(item);
      expect(queue.length).toBe(Math.min(capacity, items.length));
      expect(queue.dropped).toBe(Math.max(0, items.length - capacity));
      queue.close();
      expect(await collect(queue)).toEqual(items.slice(-capacity));
    }),
  );
});

it('gives items to a consumer that waits, in order, until it is closed', async () => {
  const queue = new BoundedQueue<number>(10);
  const collected = collect(queue);
  await delay(1);
  queue.push(1);
  await delay(1);
  queue.push(2);
  queue.push(3);
  await delay(1);
  queue.close();
  queue.push(4);
  expect(await collected).toEqual([1, 2, 3]);
});

it('ends a consumer that waits on an empty queue', async () => {
  const queue = new BoundedQueue<number>(1);
  const collected = collect(queue);
  await delay(1);
  queue.close();
  queue.close();
  expect(await collected).toEqual([]);
});

it('drops what a slow consumer misses, and never the newest', async () => {
  const queue = new BoundedQueue<number>(2);
  const seen: number[] = [];
  const consuming = (async (): Promise<void> => {
    for await (const item of queue) {
      seen.push(item);
      await delay(5);
    }
  })();
  for (let item = 1; item <= 20; item += 1) {
    queue.push(item);
    await delay(1);
  }
  queue.close();
  await consuming;
  expect(seen.at(-1)).toBe(20);
  expect(seen.length + queue.dropped).toBe(20);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
});
