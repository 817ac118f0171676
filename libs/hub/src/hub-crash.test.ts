import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Step } from './lifecycle/steps.ts';
import { HubRig } from './testing/hub-rig.ts';

/** Every step at which the daemon may die, and what it was doing. */
const STEPS: readonly Step[] = [
  'runSandbox.intent',
  'runSandbox.prepared',
  'runSandbox.networkOwed',
  'runSandbox.attached',
  'runSandbox.started',
  'runSandbox.ready',
  'createContainer.intent',
  'createContainer.rootfs',
  'createContainer.created',
  'createContainer.recorded',
  'startContainer.before',
  'startContainer.started',
  'startContainer.recorded',
  'stopContainer.signalled',
  'stopContainer.killed',
  'removeContainer.intent',
  'removeContainer.removed',
  'removeContainer.filesRemoved',
  'stopSandbox.intent',
  'stopSandbox.containersStopped',
  'stopSandbox.stopped',
  'stopSandbox.detached',
  'removeSandbox.intent',
  'removeSandbox.containersRemoved',
  'removeSandbox.detached',
  'removeSandbox.removed',
  'removeSandbox.filesRemoved',
];

/** Outlives its stop signal, so that it has to be killed. */
const DEAF = ['ignore', 'SIGTERM', ';', 'sleep', 'forever'];

/** All that a kubelet does to a pod, as it would repeat it after its runtime came back. */
async function wholeLife(rig: HubRig, command = ['sleep', 'forever']): Promise<void> {
  const pod = await rig.runSandbox();
  const containerId = await rig.createContainer(pod, 'main', { command });
  await rig.runtime.StartContainer({ containerId }, rig.context).catch((error: unknown) => {
    if (!String(error).includes('it is running')) throw error;
  });
  await rig.runtime.StopContainer({ containerId, timeout: 1n }, rig.context);
  await rig.runtime.RemoveContainer({ containerId }, rig.context);
  await rig.runtime.StopPodSandbox({ podSandboxId: pod }, rig.context);
  await rig.runtime.RemovePodSandbox({ podSandboxId: pod }, rig.context);
}

describe('a daemon that dies', () => {
  let rig: HubRig;
  beforeEach(async () => {
    rig = await HubRig.start();
  });
  afterEach(async () => await rig[Symbol.asyncDispose]());

  it.each(STEPS)('at %s leaves nothing behind that its successor does not finish or undo', async (step) => {
    rig.failpoints.arm(step, { type: 'crash' });
    const died = rig.failpoints.crashed;
    void wholeLife(rig, step === 'stopContainer.killed' ? DEAF : undefined).catch(() => undefined); // it hangs where the daemon died
    expect(await died).toBe(step);
    await rig.reopenAfterDeath();
    for (const { id } of await visiblePods(rig))
      await rig.runtime.RemovePodSandbox({ podSandboxId: id }, rig.context);
    expect(await rig.leftovers()).toEqual([]);
    await wholeLife(rig);
    expect(await rig.leftovers()).toEqual([]);
  });

  it.each(STEPS.filter((step) => step.startsWith('startContainer') || step === 'runSandbox.ready'))(
    'at %s keeps what ran running',
    async (step) => {
      const pod = await rig.runSandbox('other');
      const containerId = await rig.createContainer(pod);
      await rig.runtime.StartContainer({ containerId }, rig.context);
      rig.failpoints.arm(step, { type: 'crash' });
      void wholeLife(rig).catch(() => undefined); // it hangs where the daemon died
      await rig.failpoints.crashed;
      await rig.reopenAfterDeath();
      const answer = await rig.runtime.ContainerStatus({ containerId, verbose: false }, rig.context);
      expect('status' in answer && answer.status?.state).toBe(1);
    },
  );

  it('finds the exit code of a container that ended meanwhile', async () => {
    const pod = await rig.runSandbox();
    const containerId = await rig.createContainer(pod, 'main', {
      command: ['sleep', '0.2', ';', 'exit', '9'],
    });
    await rig.runtime.StartContainer({ containerId }, rig.context);
    rig.failpoints.crash();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await rig.reopenAfterDeath();
    const answer = await rig.runtime.ContainerStatus({ containerId, verbose: false }, rig.context);
    expect('status' in answer && answer.status).toMatchObject({ exitCode: 9, reason: 'Error' });
  });
});

async function visiblePods(rig: HubRig): Promise<readonly { readonly id: string }[]> {
  const found: { id: string }[] = [];
  for await (const chunk of rig.runtime.StreamPodSandboxes({ filter: undefined }, rig.context)) {
    if (!('bytes' in chunk)) throw new Error('not encoded');
    const { StreamPodSandboxesResponse } = await import('@crihub/wire/cri');
    found.push(...StreamPodSandboxesResponse.decode(chunk.bytes).podSandboxes);
  }
  return found;
}
