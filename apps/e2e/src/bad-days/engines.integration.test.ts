import { kindOf } from '@crihub/kernel';
import { type EngineName, execSync, runPod } from '@crihub/tool-fixtures';
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
import { EngineNode } from '../node/engine-node.ts';
import type { TestNode } from '../node/test-node.ts';

/** What a caller gives who must not wait for an engine, in ms. */
const AT_ONCE_MS = 3_000;

/** What becomes of a pod with one container by the death of its engine, seen when that is back. */
type Aftermath = (node: TestNode, pod: TestPod, container: string) => Promise<void>;

/** Without live-restore, Docker ends what it finds running. */
const allEnded: Aftermath = async (node, pod, container) => {
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
    (await podState(node, pod.id)) === PodSandboxState.SANDBOX_NOTREADY ? true : undefined,
  );
};

/** containerd's shims live on. */
const allRuns: Aftermath = async (node, pod, container) => {
  const { exitCode } = await eventually('a command in the container', async () =>
    execSync(node.cri, container, ['true']).catch(() => undefined),
  );
  expect(exitCode).toBe(0);
  expect(await podState(node, pod.id)).toBe(PodSandboxState.SANDBOX_READY);
  expect((await viewContainer(node.cri, container)).status.state).toBe(ContainerState.CONTAINER_RUNNING);
};

async function podState(node: TestNode, podSandboxId: string): Promise<PodSandboxState | undefined> {
  const request = PodSandboxStatusRequest.create({ podSandboxId });
  return (await node.cri.call(runtime.podSandboxStatus, request, AT_ONCE_MS)).status?.state;
}

/** `undefined` while the handler takes no pods, since its engine was not yet seen to be well again. */
async function ifTaken(pod: Promise<TestPod>): Promise<TestPod | undefined> {
  try {
    return await pod;
  } catch (error) {
    if (kindOf(error) === 'Unavailable') return undefined;
    throw error;
  }
}

describe.each<[EngineName, number, Aftermath]>([
  ['docker', 27, allEnded],
  ['containerd', 28, allRuns],
])('%s in trouble', (name, number, afterItsDeath) => {
  let engineNode: EngineNode;
  let node: TestNode;
  beforeAll(async () => {
    engineNode = await EngineNode.start(name, number, (home) => ({ runc: ociHandler(home, 'runc') }));
    node = engineNode.node;
  });
  afterAll(async () => engineNode[Symbol.asyncDispose]());

  it(
    'that hangs holds up its own pods alone, and they go on when it does',
    { timeout: 120_000 },
    async () => {
      const pod = await TestPod.run(node, undefined, name);
      const container = await pod.start();
      const config = await node.podConfig('waiting');
      process.kill(engineNode.engine.pid, 'SIGSTOP');
      try {
        const request = RunPodSandboxRequest.create({ config, runtimeHandler: name });
        const late = node.cri.call(runtime.runPodSandbox, request, AT_ONCE_MS);
        expect(await podState(node, pod.id)).toBe(PodSandboxState.SANDBOX_READY);
        expect([...(await containersOf(node.cri, pod.id)).values()]).toMatchObject([{ id: container }]);
        const other = await TestPod.run(node, undefined, 'runc');
        expect((await execSync(node.cri, await other.start(), ['true'])).exitCode).toBe(0);
        await other.remove();
        await expect(late).rejects.toMatchObject({ kind: 'DeadlineExceeded' });
      } finally {
        process.kill(engineNode.engine.pid, 'SIGCONT');
      }
      const id = await runPod(node.cri, config, name);
      expect(await podsOf(node.cri, config)).toEqual([id]);
      expect((await execSync(node.cri, container, ['true'])).exitCode).toBe(0);
      await pod.remove();
      await (await TestPod.run(node, config, name)).remove();
      expect(await node.leftovers()).toEqual([]);
    },
  );

  it(
    'that dies takes no other pods along, and what it ended is seen when it is back',
    { timeout: 120_000 },
    async () => {
      const pod = await TestPod.run(node, undefined, name);
      const container = await pod.start();
      await engineNode.killEngine();
      const refused = runPod(node.cri, await node.podConfig('refused'), name);
      await expect(refused).rejects.toMatchObject({ kind: 'Unavailable' });
      expect(await podState(node, pod.id)).toBe(PodSandboxState.SANDBOX_READY);
      expect((await viewContainer(node.cri, container)).status.state).toBe(ContainerState.CONTAINER_RUNNING);
      const other = await TestPod.run(node, undefined, 'runc');
      await other.start();
      await other.remove();
      await engineNode.startEngine();
      await afterItsDeath(node, pod, container);
      await pod.remove();
      const next = await eventually(
        'a pod on the engine',
        () => ifTaken(TestPod.run(node, undefined, name)),
        30_000,
      );
      await next.remove();
      expect(await node.leftovers()).toEqual([]);
    },
  );
});
