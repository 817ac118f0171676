import { readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { sleep } from '@crihub/kernel';
import { containerConfig, execSync } from '@crihub/tool-fixtures';
import {
  ContainerState,
  LinuxContainerConfig,
  LinuxContainerResources,
  ReopenContainerLogRequest,
  RuntimeServiceService as runtime,
} from '@crihub/wire/cri';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeContainer, stopContainer, viewContainer } from '../kubelet/calls.ts';
import { eventually } from '../kubelet/eventually.ts';
import { TICKING, ticksIn } from '../kubelet/log-lines.ts';
import { TestPod } from '../kubelet/test-pod.ts';
import { OCI_RUNTIMES, ociHandler } from '../node/daemon-config.ts';
import { BUSYBOX, TestNode } from '../node/test-node.ts';

const NUMBERS = { runc: 25, crun: 26 } as const;

describe.each(OCI_RUNTIMES)('a container on %s', (handler) => {
  let node: TestNode;

  beforeAll(async () => {
    node = await TestNode.start({
      number: NUMBERS[handler],
      handlers: (directory) => ({ [handler]: ociHandler(directory, handler) }),
    });
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
  });

  const exited = async (id: string): Promise<{ exitCode: number; reason: string } | undefined> => {
    const { status } = await viewContainer(node.cri, id);
    return status.state === ContainerState.CONTAINER_EXITED ? status : undefined;
  };

  it('that loses its conmon runs on, and can be stopped and removed', async () => {
    const pod = await TestPod.run(node);
    const id = await pod.start();
    process.kill(await conmonPid(node, handler, id), 'SIGKILL');
    await sleep(2_500); // the driver looks after its conmons every two seconds
    expect((await viewContainer(node.cri, id)).status.state).toBe(ContainerState.CONTAINER_RUNNING);
    expect((await execSync(node.cri, id, ['echo', 'alive'])).stdout.toString()).toBe('alive\n');
    await stopContainer(node.cri, id, 0);
    expect((await viewContainer(node.cri, id)).status).toMatchObject({
      state: ContainerState.CONTAINER_EXITED,
      reason: 'Error',
    });
    await removeContainer(node.cri, id);
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it('that loses its conmon and ends is seen to have ended', async () => {
    const pod = await TestPod.run(node);
    const id = await pod.start();
    process.kill(await conmonPid(node, handler, id), 'SIGKILL');
    process.kill((await viewContainer(node.cri, id)).pid ?? 0, 'SIGKILL');
    const { exitCode } = await eventually('the end', async () => await exited(id));
    expect(exitCode).not.toBe(0);
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it('writes to a new log file after a rotation, and no line is lost', async () => {
    const pod = await TestPod.run(node);
    const id = await pod.start({ ...containerConfig('ticking', BUSYBOX, TICKING) });
    const log = pod.logFile('ticking');
    await eventually('ticks', async () => (await ticksIn(log)).length > 5 || undefined);
    await rename(log, `${log}.1`);
    await node.cri.call(runtime.reopenContainerLog, ReopenContainerLogRequest.create({ containerId: id }));
    await eventually('ticks in the new file', async () => (await ticksIn(log)).length > 5 || undefined);
    await stopContainer(node.cri, id, 0);
    const ticks = [...(await ticksIn(`${log}.1`)), ...(await ticksIn(log))];
    expect(ticks).toEqual(ticks.map((_tick, index) => index));
    await pod.remove();
  });

  it('that takes more memory than it may is reported as OOMKilled', async () => {
    const pod = await TestPod.run(node);
    const config = containerConfig('hungry', BUSYBOX, ['sh', '-c', 'x=x; while :; do x=$x$x; done']);
    const resources = LinuxContainerResources.create({
      memoryLimitInBytes: 16n * 1024n * 1024n,
      memorySwapLimitInBytes: 16n * 1024n * 1024n,
    });
    const linux = LinuxContainerConfig.create({ ...config.linux, resources });
    const id = await pod.start({ ...config, linux });
    const status = await eventually('the end', async () => await exited(id), 20_000);
    expect(status).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });
});

async function conmonPid(node: TestNode, handler: string, id: string): Promise<number> {
  const file = path.join(node.directory, 'run', handler, 'bundles', id.slice(0, 32), 'conmon.pid');
  return Number(await readFile(file, 'utf8'));
}
