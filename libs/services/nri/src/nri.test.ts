import { RuntimeError, sleep } from '@crihub/kernel';
import { RecordingLogger } from '@crihub/kernel/testing';
import { Event } from '@crihub/wire/nri';
import { describe, expect, it } from 'vitest';
import type { ContainerUpdate, ContainerView, Eviction, PluginHost, PodView } from './model.ts';
import { Nri } from './nri.ts';
import { bitOf } from './plugin/events.ts';
import { sampleContainer, samplePod } from './testing/samples.ts';
import { TestPlugin, type TestPluginHandlers } from './testing/test-plugin.ts';

class Rig {
  readonly pods: PodView[] = [];
  readonly containers: ContainerView[] = [];
  readonly updates: ContainerUpdate[] = [];
  readonly evictions: Eviction[] = [];
  readonly logger = new RecordingLogger();
  failUpdates = false;
  readonly nri: Nri;

  constructor(requestTimeoutMs = 2_000) {
    const host: PluginHost = {
      snapshot: () => ({ pods: [...this.pods], containers: [...this.containers] }),
      update: async (update) => {
        if (this.failUpdates) throw new RuntimeError('FailedPrecondition', 'no');
        this.updates.push(update);
      },
      evict: async (eviction) => void this.evictions.push(eviction),
    };
    this.nri = new Nri(
      { runtimeName: 'crihub', runtimeVersion: '1', registrationTimeoutMs: 2_000, requestTimeoutMs },
      { host, logger: this.logger, observer: { observe: () => undefined } },
    );
  }

  async join(name: string, index: string, handlers: TestPluginHandlers = {}): Promise<TestPlugin> {
    const { plugin, socket } = TestPlugin.inMemory(handlers);
    const joined = this.nri.connect(socket);
    await plugin.register(name, index);
    await joined;
    return plugin;
  }
}

describe('registration', () => {
  it('orders plugins by their index', async () => {
    const rig = new Rig();
    await rig.join('last', '90');
    await rig.join('first', '00');
    await rig.join('later', '00');
    expect(rig.nri.plugins).toEqual(['00-first', '00-later', '90-last']);
  });

  it.each([
    { name: 'a/b', index: '00', message: /no name of a plugin/ },
    { name: 'a', index: '7', message: /two digits/ },
  ])('refuses a plugin $index-$name', async ({ name, index, message }) => {
    const rig = new Rig();
    const { plugin, socket } = TestPlugin.inMemory({});
    const connecting = rig.nri.connect(socket);
    await expect(plugin.register(name, index)).rejects.toThrow(message);
    await connecting;
    await plugin.closed;
    expect(rig.nri.plugins).toEqual([]);
  });

  it('cuts off a subscription to events that there are not', async () => {
    const rig = new Rig();
    const plugin = await rig.join('odd', '00', { events: 1 << 20 });
    await plugin.closed;
    expect(rig.nri.plugins).toEqual([]);
  });

  it('forgets a plugin that leaves', async () => {
    const rig = new Rig();
    const plugin = await rig.join('a', '00');
    plugin.close();
    await expect.poll(() => rig.nri.plugins).toEqual([]);
  });

  it('tells a plugin of all that exists, and does what it asks for', async () => {
    const rig = new Rig();
    const [pod, view] = [samplePod(), sampleContainer()];
    rig.pods.push(pod);
    rig.containers.push(view);
    const { id } = view.container;
    const plugin = await rig.join('a', '00', {
      synchronize: async () => [{ containerId: id, linux: { resources: { pids: { limit: 5n } } } }],
    });
    expect(plugin.calls).toEqual([`Synchronize ${pod.sandbox.id} ${id}`]);
    expect(rig.updates).toEqual([{ id, resources: { pidsLimit: 5 }, ignoreFailure: false }]);
  });

  it('tells of a node with very much on it in parts', async () => {
    const rig = new Rig();
    for (let count = 0; count < 1_500; count += 1) rig.pods.push(samplePod());
    const plugin = await rig.join('a', '00');
    expect(plugin.calls).toHaveLength(2);
    const heard = plugin.calls.flatMap((call) => call.split(' ').slice(1));
    expect(new Set(heard).size).toBe(1_500);
  });

  it('tells a plugin that joins of what is in the making', async () => {
    const rig = new Rig();
    const [pod, view] = [samplePod(), sampleContainer()];
    await rig.nri.runPod(pod);
    await rig.nri.createContainer(pod, view);
    const plugin = await rig.join('late', '00');
    expect(plugin.calls).toEqual([`Synchronize ${pod.sandbox.id} ${view.container.id}`]);
    rig.nri.podSettled(pod.sandbox.id);
    rig.nri.containerSettled(view.container.id);
    expect((await rig.join('later', '00')).calls).toEqual(['Synchronize']);
  });

  it('loses no container that is created while a plugin is being told of the others', async () => {
    const rig = new Rig();
    const [asked, telling] = [Promise.withResolvers<void>(), Promise.withResolvers<never[]>()];
    const synchronize = async (): Promise<never[]> => {
      asked.resolve();
      return await telling.promise;
    };
    const joining = rig.join('slow', '00', { synchronize });
    await asked.promise;
    const view = sampleContainer();
    const creating = rig.nri.createContainer(samplePod(), view);
    telling.resolve([]);
    const plugin = await joining;
    await creating;
    expect(plugin.calls.filter((call) => call.includes(view.container.id))).toHaveLength(1);
  });
});

describe('hooks', () => {
  it('reach only plugins that subscribed to them', async () => {
    const rig = new Rig();
    const plugin = await rig.join('a', '00', { events: bitOf(Event.STOP_POD_SANDBOX) });
    const pod = samplePod();
    await rig.nri.runPod(pod);
    await rig.nri.stopPod(pod);
    expect(plugin.calls.slice(1)).toEqual([`StopPodSandbox ${pod.sandbox.id}`]);
  });

  it('come one at a time, in the order in which things happen', async () => {
    const rig = new Rig();
    const [pod, view] = [samplePod(), sampleContainer()];
    const plugin = await rig.join('a', '00', { told: async () => sleep(1) });
    await Promise.all([
      rig.nri.startContainer(pod, view),
      rig.nri.stopContainer(pod, view),
      rig.nri.removeContainer(pod, view),
      rig.nri.stopPod(pod),
    ]);
    expect(plugin.calls.slice(1).map((call) => call.split(' ')[0])).toEqual([
      'StartContainer',
      'StopContainer',
      'RemoveContainer',
      'StopPodSandbox',
    ]);
  });

  it('fail what was asked if a plugin refuses', async () => {
    const rig = new Rig();
    await rig.join('strict', '10', {
      told: async (call) =>
        call.startsWith('RunPodSandbox')
          ? Promise.reject(new RuntimeError('FailedPrecondition', 'no pods today'))
          : undefined,
    });
    await expect(rig.nri.runPod(samplePod())).rejects.toThrow(
      'NRI plugin 10-strict refused runPodSandbox: no pods today',
    );
    expect(rig.nri.plugins).toEqual(['10-strict']);
  });

  it('cut off a plugin that does not answer, and go on without it', async () => {
    const rig = new Rig(50);
    await rig.join('hangs', '00', {
      told: async (call) => (call.startsWith('RunPod') ? new Promise(() => undefined) : undefined),
    });
    const well = await rig.join('well', '10');
    await rig.nri.runPod(samplePod());
    expect(well.calls.at(-1)).toMatch(/^RunPodSandbox/);
    await expect.poll(() => rig.nri.plugins).toEqual(['10-well']);
  });

  it('are state changes for a plugin that knows no other', async () => {
    const rig = new Rig();
    const plugin = await rig.join('old', '00', { old: true });
    const pod = samplePod();
    await rig.nri.runPod(pod);
    await rig.nri.removePod(pod);
    expect(plugin.calls.slice(1)).toEqual([
      `StateChange ${String(Event.RUN_POD_SANDBOX)} ${pod.sandbox.id}`,
      `StateChange ${String(Event.REMOVE_POD_SANDBOX)} ${pod.sandbox.id}`,
    ]);
  });
});

describe('adjustments', () => {
  it('show each plugin what the ones before it did', async () => {
    const rig = new Rig();
    const seen: (readonly string[])[] = [];
    const adder = (variable: string): TestPluginHandlers => ({
      createContainer: async ({ container }) => {
        seen.push(container?.env ?? []);
        return { adjust: { env: [{ key: variable, value: '1' }] } };
      },
    });
    await rig.join('b', '20', adder('B'));
    await rig.join('a', '10', adder('A'));
    const { container } = await rig.nri.createContainer(samplePod(), sampleContainer());
    expect(container.process.env).toEqual(['PATH=/bin', 'OLD=1', 'A=1', 'B=1']);
    expect(seen[1]).toEqual(['PATH=/bin', 'OLD=1', 'A=1']);
  });

  it('of two plugins that clash fail the creation', async () => {
    const rig = new Rig();
    for (const index of ['00', '10'])
      await rig.join('p', index, { createContainer: async () => ({ adjust: { args: [index] } }) });
    await expect(rig.nri.createContainer(samplePod(), sampleContainer())).rejects.toThrow(
      /plugins 00-p and 10-p both set Args/,
    );
  });

  it('go before the validators, who know who set what, and may reject', async () => {
    const rig = new Rig();
    const view = sampleContainer();
    await rig.join('adjuster', '00', { createContainer: async () => ({ adjust: { args: ['top'] } }) });
    await rig.join('validator', '90', {
      validate: async ({ adjust, owners, plugins, container }) => ({
        reject: true,
        reason: [
          container?.args.join(' '),
          adjust?.args.join(' '),
          JSON.stringify(owners?.owners[view.container.id]?.simple),
          plugins.map(({ name }) => name).join(','),
        ].join('; '),
      }),
    });
    await expect(rig.nri.createContainer(samplePod(), view)).rejects.toThrow(
      'NRI plugin 90-validator refused the adjusted container: sleep 1; top; {"7":"00-adjuster"}; adjuster,validator',
    );
  });

  it('come with updates and evictions of other containers', async () => {
    const rig = new Rig();
    const [other, third] = [sampleContainer().container.id, sampleContainer().container.id];
    await rig.join('a', '00', {
      createContainer: async () => ({
        update: [{ containerId: other, linux: { resources: { cpu: { shares: { value: 3n } } } } }],
        evict: [{ containerId: third, reason: 'room' }],
      }),
    });
    expect(await rig.nri.createContainer(samplePod(), sampleContainer())).toMatchObject({
      updates: [{ id: other, resources: { cpuShares: 3 }, ignoreFailure: false }],
      evictions: [{ id: third, reason: 'room' }],
    });
  });
});

describe('updates', () => {
  it('change what the kubelet asked for, each plugin seeing what the one before it wants', async () => {
    const rig = new Rig();
    const view = sampleContainer();
    const setter = (limit: bigint): TestPluginHandlers => ({
      updateContainer: async ({ linuxResources }) => ({
        update: [
          {
            containerId: view.container.id,
            linux: {
              resources:
                limit === 1n
                  ? { pids: { limit } }
                  : { cpu: { shares: { value: (linuxResources?.pids?.limit ?? 0n) + limit } } },
            },
          },
        ],
      }),
    });
    await rig.join('a', '00', setter(1n));
    await rig.join('b', '10', setter(10n));
    const { change } = await rig.nri.updateContainer(samplePod(), view, { memoryLimitBytes: 5 });
    expect(change).toEqual({ memoryLimitBytes: 5, pidsLimit: 1, cpuShares: 11 });
  });

  it('may come unasked; those that fail are told', async () => {
    const rig = new Rig();
    const view = sampleContainer();
    rig.containers.push(view);
    const plugin = await rig.join('a', '00');
    const update = [{ containerId: view.container.id, linux: { resources: { pids: { limit: 5n } } } }];
    const evict = [{ containerId: view.container.id, reason: 'room' }];
    expect((await plugin.updateContainers({ update, evict })).failed).toEqual([]);
    expect(rig.updates).toMatchObject([{ resources: { pidsLimit: 5 } }]);
    expect(rig.evictions).toMatchObject([{ reason: 'room' }]);
    rig.failUpdates = true;
    expect((await plugin.updateContainers({ update })).failed).toMatchObject([
      { containerId: view.container.id },
    ]);
  });

  it('are refused before the plugin knows what there is', async () => {
    const rig = new Rig();
    const { plugin, socket } = TestPlugin.inMemory({ synchronize: async () => new Promise(() => undefined) });
    void rig.nri.connect(socket);
    await plugin.register('a', '00');
    await expect(plugin.updateContainers({ update: [] })).rejects.toThrow(
      /once it was told of all containers/,
    );
    plugin.close();
  });
});
