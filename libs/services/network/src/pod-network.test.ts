import { mkdir, mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@crihub/kernel';
import { expect, it, vi } from 'vitest';
import { PodNetwork, type PodNetworkOptions, type PodNetworkRequest } from './pod-network.ts';
import { FakePlugins, RESULT } from './testing/fake-plugins.ts';

const pod: PodNetworkRequest = {
  sandboxId: 'a'.repeat(64),
  name: 'web-0',
  namespace: 'shop',
  uid: 'u-1',
  netnsPath: '/proc/self/ns/net',
  portMappings: [{ protocol: 'tcp', containerPort: 80, hostPort: 8080 }],
};

const list = (name: string, cniVersion = '1.1.0'): string =>
  JSON.stringify({
    cniVersion,
    name,
    plugins: [{ type: 'fake', capabilities: { portMappings: true, ipRanges: true } }],
  });

interface Rig {
  readonly plugins: FakePlugins;
  readonly root: string;
  readonly configure: (directory: string, text: string) => Promise<string>;
  readonly start: (options?: PodNetworkOptions) => Promise<PodNetwork>;
}

async function withRig(work: (rig: Rig) => Promise<void>): Promise<void> {
  await using root = await mkdtempDisposable(join(tmpdir(), 'cni-pod-'));
  const plugins = await FakePlugins.install(join(root.path, 'bin'), 'fake');
  const networks: PodNetwork[] = [];
  const configure = async (directory: string, text: string): Promise<string> => {
    await mkdir(join(root.path, directory), { recursive: true });
    await writeFile(join(root.path, directory, '10.conflist'), text);
    return join(root.path, directory);
  };
  const start = async (options: PodNetworkOptions = {}): Promise<PodNetwork> => {
    const cni = { binDirectories: [plugins.directory], cacheDirectory: join(root.path, 'cache') };
    const status = { intervalMs: 20, graceMs: 0 };
    const confDirectory = join(root.path, 'net.d');
    const network = new PodNetwork({ confDirectory, cni, status, ...options }, { logger: silentLogger });
    networks.push(network);
    await network.start();
    return network;
  };
  try {
    await work({ plugins, root: root.path, configure, start });
  } finally {
    await Promise.all(networks.map((network) => network.close()));
  }
}

it('attaches a pod with all that the plugins need to know, and detaches it after a restart', async () => {
  await withRig(async ({ plugins, root, configure, start }) => {
    await configure('net.d', list('net'));
    const network = await start({ podCidr: '10.9.0.0/24' });
    expect(await network.attach(pod)).toEqual({
      ips: ['10.1.0.2'],
      networkName: 'net',
      attachment: {
        interfaceName: 'eth0',
        mac: '00:00:00:00:00:02',
        mtu: 1400,
        addresses: [{ cidr: '10.1.0.2/24', gateway: '10.1.0.1' }],
        routes: [{ destination: '0.0.0.0/0' }],
      },
      raw: { ...RESULT, cniVersion: '1.1.0' },
    });
    const added = (await plugins.calls()).find((call) => call.command === 'ADD');
    expect(added).toMatchObject({
      containerId: pod.sandboxId,
      args: `IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=${pod.sandboxId};K8S_POD_UID=u-1`,
      config: {
        runtimeConfig: {
          portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '' }],
          ipRanges: [[{ subnet: '10.9.0.0/24' }]],
        },
      },
    });
    await network.close();
    await rm(join(root, 'net.d'), { recursive: true });
    const later = await start();
    await plugins.forget();
    await later.check(pod.sandboxId);
    await later.detach(pod);
    await later.detach(pod);
    expect(await plugins.history()).toEqual(['CHECK fake', 'DEL fake']);
  });
});

it('gives a new pod CIDR to the pods that come after it', async () => {
  await withRig(async ({ plugins, configure, start }) => {
    await configure('net.d', list('net'));
    const network = await start();
    network.setPodCidr('10.2.0.0/24,fd00::/64');
    expect(() => network.setPodCidr('10.3.0.0')).toThrow(/is not a subnet/);
    await network.attach(pod);
    const ipRanges = [[{ subnet: '10.2.0.0/24' }], [{ subnet: 'fd00::/64' }]];
    const added = (await plugins.calls()).find(({ command }) => command === 'ADD');
    expect(added?.config).toMatchObject({ runtimeConfig: { ipRanges } });
  });
});

it('uses the lists of the handler where it has its own', async () => {
  await withRig(async ({ configure, start, root }) => {
    await configure('net.d', list('net'));
    const confDirectory = await configure('handler.d', list('special'));
    const network = await start();
    expect((await network.attach({ ...pod, confDirectory })).networkName).toBe('special');
    const missing = join(root, 'missing.d');
    await expect(network.attach({ ...pod, confDirectory: missing })).rejects.toMatchObject({
      kind: 'Unavailable',
      message: `no CNI configuration in ${missing}`,
    });
  });
});

it('is not ready without a network, and becomes ready soon after one is configured', async () => {
  await withRig(async ({ configure, start }) => {
    await configure('net.d', '{');
    const network = await start({ status: { intervalMs: 60_000 } });
    expect(network.status()).toMatchObject({
      ready: false,
      reason: 'NetworkPluginNotReady',
      message: expect.stringContaining('10.conflist is not JSON') as string,
    });
    await expect(network.attach(pod)).rejects.toMatchObject({ kind: 'Unavailable' });
    await configure('net.d', list('net'));
    await vi.waitFor(() => expect(network.status()).toEqual({ ready: true }), 5_000);
  });
});

it('asks the plugins for their status, and answers from memory while they hang', async () => {
  await withRig(async ({ plugins, configure, start }) => {
    await configure('net.d', list('net'));
    await plugins.tell('fake', 'STATUS', `echo '{"code":50,"msg":"agent is down"}'; exit 1`);
    const network = await start();
    expect(network.status()).toMatchObject({
      ready: false,
      message: expect.stringContaining('agent is down') as string,
    });
    await plugins.tell('fake', 'STATUS', '');
    await vi.waitFor(() => expect(network.status()).toEqual({ ready: true }), 5_000);
    await plugins.tell('fake', 'STATUS', 'sleep 60');
    const hanging = (await plugins.calls()).length;
    await vi.waitFor(async () => expect((await plugins.calls()).length).toBeGreaterThan(hanging), 5_000);
    expect(network.status()).toEqual({ ready: true });
  });
});

it('refuses a result without an address, and the pod can be detached', async () => {
  await withRig(async ({ plugins, configure, start }) => {
    await configure('net.d', list('net', '1.0.0'));
    await plugins.tell('fake', 'ADD', `echo '{}'; exit 0`);
    const network = await start();
    await expect(network.attach(pod)).rejects.toThrow(/gave interface eth0 no IP address/);
    await network.detach(pod);
    expect(await plugins.history()).toEqual(['ADD fake', 'DEL fake']);
  });
});

it('releases what pods have left that exist no more', async () => {
  await withRig(async ({ plugins, configure, start }) => {
    await configure('net.d', list('net'));
    const network = await start();
    await network.attach(pod);
    await network.attach({ ...pod, sandboxId: 'b'.repeat(64) });
    await network.collectGarbage(() => [pod.sandboxId]);
    const calls = await plugins.calls();
    const deleted = calls.filter(({ command }) => command === 'DEL').map(({ containerId }) => containerId);
    expect(deleted).toEqual(['b'.repeat(64)]);
    expect(calls.find(({ command }) => command === 'GC')?.config['cni.dev/valid-attachments']).toEqual([
      { containerID: pod.sandboxId, ifname: 'eth0' },
    ]);
  });
});
