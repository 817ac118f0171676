import type { ContainerId } from '@crihub/kernel';
import { kindOf, RuntimeError } from '@crihub/kernel';
import { TestPlugin, type TestPluginHandlers } from '@crihub/service-nri/testing';
import { ContainerState, LinuxContainerResources } from '@crihub/wire/cri';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubRig } from './testing/hub-rig.ts';

let rig: HubRig;
beforeEach(async () => {
  rig = await HubRig.start();
});
afterEach(async () => await rig[Symbol.asyncDispose]());

async function join(handlers: TestPluginHandlers = {}): Promise<TestPlugin> {
  const { plugin, socket } = TestPlugin.inMemory(handlers);
  const joined = rig.hub.nri.connect(socket);
  await plugin.register('test', '00');
  await joined;
  return plugin;
}

const start = async (containerId: string): Promise<unknown> =>
  rig.runtime.StartContainer({ containerId }, rig.context);
const stop = async (containerId: string): Promise<unknown> =>
  rig.runtime.StopContainer({ containerId, timeout: 5n }, rig.context);
const remove = async (containerId: string): Promise<unknown> =>
  rig.runtime.RemoveContainer({ containerId }, rig.context);

async function removePod(podSandboxId: string): Promise<void> {
  await rig.runtime.StopPodSandbox({ podSandboxId }, rig.context);
  await rig.runtime.RemovePodSandbox({ podSandboxId }, rig.context);
}

async function status(containerId: string): Promise<{ state: ContainerState; annotations: object }> {
  const answer = await rig.runtime.ContainerStatus({ containerId, verbose: false }, rig.context);
  if (!('status' in answer) || answer.status === undefined) throw new Error('no status');
  return answer.status;
}

const refuse = (call: string) => async (told: string) =>
  told.startsWith(call) ? Promise.reject(new RuntimeError('FailedPrecondition', 'no')) : undefined;

describe('plugins', () => {
  it('hear of a whole life in order, each step once', async () => {
    const plugin = await join();
    const pod = await rig.runSandbox();
    const container = await rig.createContainer(pod);
    await start(container);
    const linux = LinuxContainerResources.create({ cpuShares: 7n });
    await rig.runtime.UpdateContainerResources(
      { containerId: container, linux, windows: undefined, annotations: {} },
      rig.context,
    );
    await stop(container);
    await remove(container);
    await removePod(pod);
    expect(plugin.calls).toEqual([
      'Synchronize',
      `RunPodSandbox ${pod}`,
      `CreateContainer ${container}`,
      'ValidateContainerAdjustment',
      `PostCreateContainer ${container}`,
      `StartContainer ${container}`,
      `PostStartContainer ${container}`,
      `UpdateContainer ${container}`,
      `PostUpdateContainer ${container}`,
      `StopContainer ${container}`,
      `RemoveContainer ${container}`,
      `StopPodSandbox ${pod}`,
      `RemovePodSandbox ${pod}`,
    ]);
  });

  it('hear of the end of containers that were never started, and of those that end with their pod', async () => {
    const plugin = await join();
    const pod = await rig.runSandbox();
    const [created, running] = [await rig.createContainer(pod, 'a'), await rig.createContainer(pod, 'b')];
    await start(running);
    await removePod(pod);
    const heard = plugin.calls.filter((call) => /^(Stop|Remove)/.test(call));
    expect(heard.filter((call) => call.endsWith(created))).toEqual([
      `StopContainer ${created}`,
      `RemoveContainer ${created}`,
    ]);
    expect(heard.indexOf(`StopContainer ${running}`)).toBeLessThan(heard.indexOf(`StopPodSandbox ${pod}`));
    expect(heard.at(-1)).toBe(`RemovePodSandbox ${pod}`);
  });

  it('are named in the status of the node', async () => {
    await join();
    const answer = await rig.runtime.Status({ verbose: true }, rig.context);
    expect('info' in answer && answer.info['plugins']).toBe('["00-test"]');
  });

  it('are told of what was there before a restart', async () => {
    const pod = await rig.runSandbox();
    const container = await rig.createContainer(pod);
    await rig.reopenAfterDeath();
    expect((await join()).calls).toEqual([`Synchronize ${pod} ${container}`]);
  });

  it('can refuse a pod, of which nothing stays', async () => {
    const plugin = await join({ told: refuse('RunPodSandbox') });
    await expect(rig.runSandbox()).rejects.toThrow(/NRI plugin 00-test refused runPodSandbox: no/);
    expect(await rig.leftovers()).toEqual([]);
    expect(plugin.calls.map((call) => call.split(' ')[0])).toEqual([
      'Synchronize',
      'RunPodSandbox',
      'RemovePodSandbox',
    ]);
  });

  it('can refuse a container, of which nothing stays', async () => {
    const plugin = await join({ told: refuse('CreateContainer') });
    const pod = await rig.runSandbox();
    await expect(rig.createContainer(pod)).rejects.toThrow(/refused createContainer/);
    expect(plugin.calls.slice(2).map((call) => call.split(' ')[0])).toEqual([
      'CreateContainer',
      'StopContainer',
      'RemoveContainer',
    ]);
    await removePod(pod);
    expect(await rig.leftovers()).toEqual([]);
  });

  it('hear that a container is gone which they let in, and which then failed', async () => {
    const plugin = await join();
    const pod = await rig.runSandbox();
    rig.backendFailpoints.arm('backend.container.create.after', {
      type: 'fail',
      error: new RuntimeError('Internal', 'broken'),
    });
    await expect(rig.createContainer(pod)).rejects.toThrow('broken');
    expect(plugin.calls.slice(-2).map((call) => call.split(' ')[0])).toEqual([
      'StopContainer',
      'RemoveContainer',
    ]);
  });

  it('can refuse a start, which is then the end of the container', async () => {
    await join({ told: refuse('StartContainer') });
    const container = await rig.createContainer(await rig.runSandbox());
    const failure = await start(container).then(
      () => 'none',
      (error: unknown) => kindOf(error),
    );
    expect(failure).toBe('FailedPrecondition');
    expect((await status(container)).state).toBe(ContainerState.CONTAINER_EXITED);
  });

  it('cannot keep anything from ending', async () => {
    await join({ told: async (call) => (/^(Stop|Remove)/.test(call) ? refuse('')(call) : undefined) });
    const pod = await rig.runSandbox();
    const container = await rig.createContainer(pod);
    await start(container);
    await stop(container);
    await removePod(pod);
    expect(await rig.leftovers()).toEqual([]);
  });

  it('adjust what the backend gets; the kubelet sees its own annotations', async () => {
    await join({
      createContainer: async () => ({
        adjust: {
          annotations: { added: '1' },
          env: [{ key: 'ADDED', value: '1' }],
          linux: { resources: { pids: { limit: 9n } } },
        },
      }),
    });
    const container = await rig.createContainer(await rig.runSandbox(), 'main', {
      annotations: { own: '1' },
    });
    const { spec } = rig.node.containers.get(container as ContainerId) ?? {};
    expect(spec).toMatchObject({ annotations: { own: '1', added: '1' }, resources: { pidsLimit: 9 } });
    expect(spec?.process.env).toContain('ADDED=1');
    expect((await status(container)).annotations).toEqual({ own: '1' });
  });

  it('cannot mount what the host does not have below a file', async () => {
    await join({
      createContainer: async () => ({
        adjust: {
          mounts: [{ destination: '/a', source: '/proc/version/x', type: 'bind', options: ['rbind'] }],
        },
      }),
    });
    const pod = await rig.runSandbox();
    await expect(rig.createContainer(pod)).rejects.toThrow(/host path \/proc\/version\/x can't be mounted/);
  });

  it('change limits of other containers, unasked too, and evict', async () => {
    const plugin = await join();
    const container = await rig.createContainer(await rig.runSandbox());
    await start(container);
    const update = [{ containerId: container, linux: { resources: { pids: { limit: 4n } } } }];
    expect((await plugin.updateContainers({ update })).failed).toEqual([]);
    expect(rig.node.containers.get(container as ContainerId)?.resources).toMatchObject({ pidsLimit: 4 });
    await plugin.updateContainers({ evict: [{ containerId: container, reason: 'room' }] });
    expect((await status(container)).state).toBe(ContainerState.CONTAINER_EXITED);
    const again = await plugin.updateContainers({ update });
    expect(again.failed).toMatchObject([{ containerId: container }]);
  });
});
