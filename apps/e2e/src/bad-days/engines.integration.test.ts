import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DaemonProcess, execSync, runPod, startEngine } from '@crihub/tool-fixtures';
import {
  ContainerState,
  PodSandboxState,
  PodSandboxStatusRequest,
  RunPodSandboxRequest,
  RuntimeServiceService as runtime,
} from '@crihub/wire/cri';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containersOf, podsOf, viewContainer } from '../kubelet/calls.ts';
import { eventually } from '../kubelet/eventually.ts';
import { TestPod } from '../kubelet/test-pod.ts';
import { ociHandler } from '../node/daemon-config.ts';
import { TestNode } from '../node/test-node.ts';

/** What a caller gives who must not wait for an engine, in ms. */
const AT_ONCE_MS = 3_000;

describe('a Docker Engine in trouble', () => {
  let directory: string;
  let engine: DaemonProcess;
  let node: TestNode;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'crihub-engine-'));
    engine = await startEngine('docker', directory);
    node = await TestNode.start({
      number: 27,
      handlers: (home) => ({
        runc: ociHandler(home, 'runc'),
        docker: {
          backend: 'docker',
          socket: engine.socket,
          networkNamespaceDirectory: path.join(home, 'netns'),
        },
      }),
    });
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  const podState = async (podSandboxId: string): Promise<PodSandboxState | undefined> => {
    const request = PodSandboxStatusRequest.create({ podSandboxId });
    return (await node.cri.call(runtime.podSandboxStatus, request, AT_ONCE_MS)).status?.state;
  };

  it(
    'that hangs holds up its own pods alone, and they go on when it does',
    { timeout: 120_000 },
    async () => {
      const pod = await TestPod.run(node, undefined, 'docker');
      const container = await pod.start();
      const config = await node.podConfig('waiting');
      process.kill(engine.pid, 'SIGSTOP');
      try {
        const request = RunPodSandboxRequest.create({ config, runtimeHandler: 'docker' });
        const late = node.cri.call(runtime.runPodSandbox, request, AT_ONCE_MS);
        expect(await podState(pod.id)).toBe(PodSandboxState.SANDBOX_READY);
        expect([...(await containersOf(node.cri, pod.id)).values()]).toMatchObject([{ id: container }]);
        const other = await TestPod.run(node, undefined, 'runc');
        expect((await execSync(node.cri, await other.start(), ['true'])).exitCode).toBe(0);
        await other.remove();
        await expect(late).rejects.toMatchObject({ kind: 'DeadlineExceeded' });
      } finally {
        process.kill(engine.pid, 'SIGCONT');
      }
      const id = await runPod(node.cri, config, 'docker');
      expect(await podsOf(node.cri, config)).toEqual([id]);
      expect((await execSync(node.cri, container, ['true'])).exitCode).toBe(0);
      await pod.remove();
      await (await TestPod.run(node, config, 'docker')).remove();
      expect(await node.leftovers()).toEqual([]);
    },
  );

  it(
    'that dies takes no other pods along, and what it ended is seen when it is back',
    { timeout: 120_000 },
    async () => {
      const pod = await TestPod.run(node, undefined, 'docker');
      const container = await pod.start();
      process.kill(engine.pid, 'SIGKILL');
      await engine.exited;
      const refused = runPod(node.cri, await node.podConfig('refused'), 'docker');
      await expect(refused).rejects.toMatchObject({ kind: 'Unavailable' });
      expect(await podState(pod.id)).toBe(PodSandboxState.SANDBOX_READY);
      expect((await viewContainer(node.cri, container)).status.state).toBe(ContainerState.CONTAINER_RUNNING);
      const other = await TestPod.run(node, undefined, 'runc');
      await other.start();
      await other.remove();
      // Without live-restore the engine ends what it finds running.
      engine = await startEngine('docker', directory);
      const end = await eventually(
        'the exit of the container',
        async () => {
          const { status } = await viewContainer(node.cri, container);
          return status.state === ContainerState.CONTAINER_EXITED ? status : undefined;
        },
        30_000,
      );
      expect(end.exitCode).toBe(137);
      await eventually('the end of the pod', async () =>
        (await podState(pod.id)) === PodSandboxState.SANDBOX_NOTREADY ? true : undefined,
      );
      await pod.remove();
      const next = await TestPod.run(node, undefined, 'docker');
      await next.remove();
      expect(await node.leftovers()).toEqual([]);
    },
  );
});
