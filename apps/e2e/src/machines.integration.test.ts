import path from 'node:path';
import {
  containerConfig,
  createContainer,
  execSync,
  podConfig,
  removePod,
  runPod,
  startContainer,
} from '@crihub/tool-fixtures';
import { GUEST_DIRECTORY } from '@crihub/tool-guest';
import { type ContainerStats, RuntimeServiceService as runtime } from '@crihub/wire/cri';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BUSYBOX, TestNode } from './node/test-node.ts';

/* Pods in virtual machines, one of which is kept ready, by a whole daemon with its network. */

const MEBIBYTE = 1024 * 1024;

let node: TestNode;

beforeAll(async () => {
  node = await TestNode.start({
    number: 67,
    handlers: () => ({ kata: { backend: 'kata', guestDirectory: GUEST_DIRECTORY, warmPool: 1 } }),
  });
}, 60_000);

afterAll(async () => node[Symbol.asyncDispose](), 60_000);

const figure = async (name: string): Promise<number> =>
  Number(new RegExp(String.raw`^${name}\{handler="kata"\} (\d+)$`, 'm').exec(await node.metrics())?.[1]);

const untilReady = async (): Promise<void> =>
  await expect.poll(async () => figure('crihub_warm_pool_ready'), { timeout: 60_000 }).toBe(1);

interface Usage {
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

interface PodUsage {
  readonly pod: Usage;
  readonly of: (containerId: string) => Usage;
}

const usage = (one: Pick<ContainerStats, 'cpu' | 'memory'> | undefined): Usage => ({
  cpuMs: Number(one?.cpu?.usageCoreNanoSeconds?.value) / 1e6,
  memoryBytes: Number(one?.memory?.workingSetBytes?.value),
});

async function usageOf(podSandboxId: string): Promise<PodUsage> {
  const { stats } = await node.cri.call(runtime.podSandboxStats, { podSandboxId });
  const containers = stats?.linux?.containers ?? [];
  return { pod: usage(stats?.linux), of: (id) => usage(containers.find((one) => one.attributes?.id === id)) };
}

it('gives a pod the machine that is ready, and tells so in the metrics', { timeout: 90_000 }, async () => {
  await untilReady();
  const id = await runPod(node.cri, await node.podConfig('warm'), 'kata');
  expect(await figure('crihub_warm_pool_wanted')).toBe(1);
  expect(await figure('crihub_warm_pool_hits_total')).toBe(1);
  expect(await figure('crihub_warm_pool_misses_total')).toBe(0);
  await removePod(node.cri, id);
});

it(
  "tells what containers use from the guest, and the pod's use with its machine",
  { timeout: 90_000 },
  async () => {
    const pod = podConfig('busy', path.join(node.directory, 'logs'));
    const podSandboxId = await runPod(node.cri, pod, 'kata');
    const start = async (name: string, script: string): Promise<string> => {
      const id = await createContainer(
        node.cri,
        podSandboxId,
        containerConfig(name, BUSYBOX, ['sh', '-c', script]),
        pod,
      );
      await startContainer(node.cri, id);
      return id;
    };
    const busy = await start('busy', 'while :; do :; done');
    const fat = await start('fat', 'head -c 33554432 /dev/zero > /dev/shm/fat; exec sleep 1000');
    const size = async (): Promise<string> =>
      (await execSync(node.cri, fat, ['stat', '-c', '%s', '/dev/shm/fat'])).stdout.toString().trim();
    await expect.poll(size, { timeout: 20_000 }).toBe(String(32 * MEBIBYTE));

    const before = await usageOf(podSandboxId);
    const burnt = async (): Promise<number> =>
      (await usageOf(podSandboxId)).of(busy).cpuMs - before.of(busy).cpuMs;
    await expect.poll(burnt, { timeout: 20_000 }).toBeGreaterThan(500);
    const after = await usageOf(podSandboxId);
    expect(after.of(fat).memoryBytes).toBeGreaterThan(32 * MEBIBYTE);
    expect(after.of(busy).memoryBytes).toBeGreaterThan(0);
    expect(after.of(busy).memoryBytes).toBeLessThan(8 * MEBIBYTE);
    expect(after.of(fat).cpuMs).toBeGreaterThan(0);
    // What the machine takes itself is in the pod's figures, and never less than nothing.
    const both = [after.of(busy), after.of(fat)];
    const overhead = (key: keyof Usage): number =>
      both.reduce((rest, usage) => rest - usage[key], after.pod[key]);
    expect(overhead('memoryBytes')).toBeGreaterThan(0);
    expect(overhead('cpuMs')).toBeGreaterThan(0);
    expect(after.pod.cpuMs - before.pod.cpuMs).toBeGreaterThan(after.of(busy).cpuMs - before.of(busy).cpuMs);
    await removePod(node.cri, podSandboxId);
  },
);
