import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPod } from '../kubelet/test-pod.ts';
import { TestNode } from '../node/test-node.ts';
import { growthDuring } from './daemon-memory.ts';
import { atMost, daemonResources } from './daemon-resources.ts';
import { manyExecs } from './many-execs.ts';
import { randomCat } from './random-cat.ts';

const MIB = 1024 * 1024;
const MINUTES = 60_000;

/** A daemon of its own for each, since memory is not given back at once. */
describe.each([
  ['spdy', 61],
  ['websocket', 62],
] as const)('exec over %s', (transport, number) => {
  let node: TestNode;
  let container: string;

  beforeAll(async () => {
    node = await TestNode.start({ number });
    container = await (await TestPod.run(node)).start();
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
  });

  it(
    '1 GiB there and back through cat grows the daemon by less than 32 MiB',
    { timeout: 10 * MINUTES },
    async () => {
      await randomCat(node.cri, container, transport, 1);
      const start = performance.now();
      const growth = await growthDuring(node.daemon.pid, async () => {
        expect(await randomCat(node.cri, container, transport, 1024)).toMatchObject({
          status: { status: 'Success' },
          bytes: 1024 * MIB,
          same: true,
        });
      });
      const seconds = (performance.now() - start) / 1000;
      console.log(
        `${transport}: ${(1024 / seconds).toFixed(0)} MiB/s, grew by ${(growth / MIB).toFixed(1)} MiB`,
      );
      expect(growth).toBeLessThan(32 * MIB);
    },
  );

  it('5,000 short commands leave nothing behind', { timeout: 30 * MINUTES }, async () => {
    await manyExecs(node.cri, container, 8);
    const before = await daemonResources(node, container);
    expect(await manyExecs(node.cri, container, 5000)).toEqual([]);
    await expect.poll(() => daemonResources(node, container), { timeout: 10_000 }).toEqual(atMost(before));
  });
});
