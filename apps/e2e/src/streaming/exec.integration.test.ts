import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPod } from '../kubelet/test-pod.ts';
import { TestNode } from '../node/test-node.ts';
import { growthDuring } from './daemon-memory.ts';
import { atMost, daemonResources } from './daemon-resources.ts';
import { manyExecs } from './many-execs.ts';
import { randomCat } from './random-cat.ts';

const MIB = 1024 * 1024;
const MEBIBYTES = 256;
const EXECS = 200;

describe('exec', () => {
  let node: TestNode;
  let container: string;

  beforeAll(async () => {
    node = await TestNode.start({ number: 60 });
    container = await (await TestPod.run(node)).start();
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
  });

  it.each(['spdy', 'websocket'] as const)(
    'carries 256 MiB there and back over %s without a changed byte, in bounded memory',
    { timeout: 120_000 },
    async (transport) => {
      await randomCat(node.cri, container, transport, 1);
      const growth = await growthDuring(node.daemon.pid, async () => {
        expect(await randomCat(node.cri, container, transport, MEBIBYTES)).toMatchObject({
          status: { status: 'Success' },
          bytes: MEBIBYTES * MIB,
          same: true,
        });
      });
      expect(growth).toBeLessThan(32 * MIB);
    },
  );

  it('leaves nothing of many short commands', { timeout: 120_000 }, async () => {
    await manyExecs(node.cri, container, 8);
    const before = await daemonResources(node, container);
    expect(await manyExecs(node.cri, container, EXECS)).toEqual([]);
    await expect.poll(() => daemonResources(node, container), { timeout: 10_000 }).toEqual(atMost(before));
  });
});
