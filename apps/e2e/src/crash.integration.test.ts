import { containerConfig } from '@crihub/tool-fixtures';
import { ContainerState, NamespaceMode, type PodSandboxConfig } from '@crihub/wire/cri';
import { Bystander } from './kubelet/bystander.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { giveUp, liveOut, type PodLife } from './kubelet/pod-worker.ts';
import { ociHandler } from './node/daemon-config.ts';
import { BUSYBOX, TestNode } from './node/test-node.ts';

/** Every step of the journal at which the daemon may die. */
const STEPS = [
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
] as const;

/** Ends at once on SIGTERM, which a shell as the first process would not see by itself. */
const OBEDIENT = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.05; done'];

describe('a daemon that is killed', () => {
  let node: TestNode;
  let bystander: Bystander;

  beforeAll(async () => {
    node = await TestNode.start({
      number: 1,
      handlers: (directory) => ({ crun: ociHandler(directory, 'crun') }),
    });
    bystander = await Bystander.start(node, STEPS);
    await node.stopDaemon();
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await node.stopDaemon();
  });

  it.each(STEPS)('at %s loses nothing and leaks nothing', async (step) => {
    const life = await lifeOf(node, step);
    await node.startDaemon({ crashAt: step });
    const { exited } = node.daemon;
    // The call under way fails with the daemon.
    await Promise.race([exited, liveOut(node.cri, life).catch(() => undefined)]);
    expect(await exited).toBe(137);
    await node.stopDaemon();
    await bystander.endOne(step);
    await node.startDaemon();
    expect(await bystander.endOf(step)).toEqual({
      state: ContainerState.CONTAINER_EXITED,
      exitCode: 7,
      reason: 'Error',
    });
    await bystander.assertUnharmed();
    if (/^(run|create|start)/.test(step)) await liveOut(node.cri, life);
    else await giveUp(node.cri, life.pod);
    expect(await node.leftovers({ except: bystander.words })).toEqual([]);
  });

  it.each([
    ['runSandbox.started', 'removeSandbox.detached'],
    ['createContainer.created', 'removeContainer.removed'],
    ['removeSandbox.intent', 'removeSandbox.removed'],
  ])('at %s, and its successor at %s while it tidies up, leaks nothing', async (first, second) => {
    const life = await lifeOf(node, first);
    await node.startDaemon({ crashAt: first });
    const { exited } = node.daemon;
    await Promise.race([exited, liveOut(node.cri, life).catch(() => undefined)]);
    await exited;
    await node.stopDaemon();
    await expect(node.startDaemon({ crashAt: second })).rejects.toThrow('did not come up');
    await node.startDaemon();
    await giveUp(node.cri, life.pod);
    expect(await node.leftovers({ except: bystander.words })).toEqual([]);
    await bystander.assertUnharmed();
  });
});

/** A pod with a process of its own (its containers share a PID namespace) and two containers. */
async function lifeOf(node: TestNode, step: string): Promise<PodLife> {
  const config = await node.podConfig('life');
  const securityContext = {
    ...config.linux?.securityContext,
    namespaceOptions: { pid: NamespaceMode.POD, network: 0, ipc: 0, targetId: '', usernsOptions: undefined },
  };
  const pod = { ...config, linux: { ...config.linux, securityContext } } as PodSandboxConfig;
  const containers = ['first', 'second'].map((name) => containerConfig(name, BUSYBOX, OBEDIENT));
  return { pod, containers, graceSeconds: step === 'stopContainer.killed' ? 0 : 5 };
}
