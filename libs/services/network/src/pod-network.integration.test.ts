import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@crihub/kernel';
import { spawnProcess } from '@crihub/transport/process';
import { expect, it, vi } from 'vitest';
import { type ConfigList, demoNetwork } from './demo-network.ts';
import { PodNetwork, type PodNetworkOptions, type PodNetworkRequest } from './pod-network.ts';
import { IsolatedHost, netnsPath } from './testing/isolated-host.ts';

interface Rig {
  readonly host: IsolatedHost;
  readonly network: PodNetwork;
  /** A pod with a namespace of its own. */
  readonly pod: (
    extra?: Partial<PodNetworkRequest>,
  ) => Promise<PodNetworkRequest & { readonly netns: string }>;
  /** The addresses that host-local has given away, and the attachments in the cache. */
  readonly held: () => Promise<string[]>;
}

interface RigOptions {
  readonly change?: (list: ConfigList) => ConfigList;
  readonly subnet6?: string;
  readonly options?: PodNetworkOptions;
}

async function withRig(
  { change = (list) => list, subnet6, options }: RigOptions,
  work: (rig: Rig) => Promise<void>,
): Promise<void> {
  await using root = await mkdtempDisposable(join(tmpdir(), 'cni-real-'));
  await using host = await IsolatedHost.create(root.path);
  const dataDirectory = join(root.path, 'addresses');
  const list = demoNetwork({
    subnet: '10.201.0.0/24',
    dataDirectory,
    ...(subnet6 === undefined ? {} : { subnet6 }),
  });
  const confDirectory = join(root.path, 'net.d');
  const cacheDirectory = join(root.path, 'cache');
  await mkdir(confDirectory);
  await writeFile(join(confDirectory, '10-crihub.conflist'), JSON.stringify(change(list)));
  await installFailing(host.binDirectory);
  const network = new PodNetwork(
    { confDirectory, cni: { binDirectories: [host.binDirectory], cacheDirectory }, ...options },
    { logger: silentLogger },
  );
  await network.start();
  try {
    await work({
      host,
      network,
      held: () => heldIn(join(dataDirectory, 'crihub'), join(cacheDirectory, 'results')),
      pod: async (extra = {}) => {
        const netns = await host.addPod();
        return { ...newPod(), netns, netnsPath: netnsPath(netns), ...extra };
      },
    });
  } finally {
    await network.close();
  }
}

const newPod = (): Omit<PodNetworkRequest, 'netnsPath'> => ({
  sandboxId: randomBytes(32).toString('hex'),
  name: 'web',
  namespace: 'default',
  uid: 'uid',
});

/** A plugin whose ADD always fails, and whose DEL always works. */
async function installFailing(binDirectory: string): Promise<void> {
  const script = `#!/bin/sh\ncat >/dev/null\n[ "$CNI_COMMAND" = ADD ] || exit 0\necho '{"code":100,"msg":"broken"}'\nexit 1\n`;
  await writeFile(join(binDirectory, 'broken'), script);
  await chmod(join(binDirectory, 'broken'), 0o755);
}

async function heldIn(...directories: readonly string[]): Promise<string[]> {
  const names = await Promise.all(directories.map((directory) => readdir(directory).catch(() => [])));
  return names.flat().filter((name) => name !== 'lock' && !name.startsWith('last_reserved_ip'));
}

const withBroken = (list: ConfigList): ConfigList => ({
  ...list,
  plugins: [...list.plugins, { type: 'broken' }],
});

const natRules = (host: IsolatedHost): Promise<string> =>
  host.execute(host.name, 'iptables-save', '-t', 'nat');

it('gives pods addresses, routes and host ports, and takes all back', async () => {
  await withRig({}, async ({ host, network, pod, held }) => {
    const first = await pod({ portMappings: [{ protocol: 'tcp', containerPort: 80, hostPort: 18_080 }] });
    const second = await pod();
    const [made, other] = await Promise.all([network.attach(first), network.attach(second)]);
    expect(new Set([...made.ips, ...other.ips]).size).toBe(2);
    expect(made.ips[0]).toMatch(/^10\.201\.0\.\d+$/);
    expect(await host.execute(first.netns, 'ip', '-o', 'addr', 'show', 'eth0')).toContain(
      `${made.ips[0] ?? ''}/24`,
    );
    expect(await host.execute(first.netns, 'ip', 'link', 'show', 'eth0')).toContain(made.attachment.mac);
    expect(await host.execute(first.netns, 'ip', 'route')).toContain('default via 10.201.0.1');
    await network.check(second.sandboxId); // portmap 1.1 looks for IPv6 rules of IPv4 pods: not `first`
    const server = await serve(first.netns);
    try {
      await vi.waitFor(
        async () => expect(await ask(host, host.name, made.ips[0] ?? '', 80)).toBe('hello'),
        10_000,
      );
      expect(await ask(host, second.netns, made.ips[0] ?? '', 80)).toBe('hello');
      expect(await ask(host, host.name, '10.201.0.1', 18_080)).toBe('hello');
      expect(await ask(host, second.netns, '10.201.0.1', 18_080)).toBe('hello');
    } finally {
      server.killGroup();
      await server.exited;
    }
    for (const each of [first, second]) {
      await network.detach(each);
      await network.detach(each);
    }
    expect(await held()).toEqual([]);
    expect(await natRules(host)).not.toMatch(/18080|10\.201\.0/);
    await expect(host.execute(first.netns, 'ip', 'link', 'show', 'eth0')).rejects.toThrow(/does not exist/);
  });
});

async function serve(namespace: string): ReturnType<typeof spawnProcess> {
  const code = "require('node:net').createServer((socket) => socket.end('hello')).listen(80)";
  const server = await spawnProcess('ip', {
    args: ['netns', 'exec', namespace, process.execPath, '-e', code],
  });
  server.stdout.resume();
  server.stderr.resume();
  return server;
}

async function ask(host: IsolatedHost, from: string, address: string, port: number): Promise<string> {
  const code = `require('node:net').connect(${String(port)}, '${address}').pipe(process.stdout)`;
  return await host.execute(from, process.execPath, '-e', code);
}

it.each([
  ['ipv4', /^10\.201\./],
  ['ipv6', /^fd02:/],
] as const)('gives a pod an address of both families, %s first', async (ipPreference, primary) => {
  await withRig({ subnet6: 'fd02::/64', options: { ipPreference } }, async ({ host, network, pod, held }) => {
    const request = await pod();
    const { ips } = await network.attach(request);
    expect(ips).toHaveLength(2);
    expect(ips[0]).toMatch(primary);
    const addresses = await host.execute(request.netns, 'ip', '-o', 'addr', 'show', 'eth0');
    for (const ip of ips) expect(addresses).toContain(`${ip}/`);
    await network.detach(request);
    expect(await held()).toEqual([]);
  });
});

it('leaks no address when a later plugin of the chain fails', async () => {
  await withRig({ change: withBroken }, async ({ host, network, pod, held }) => {
    const request = await pod({ portMappings: [{ protocol: 'udp', containerPort: 53, hostPort: 10_053 }] });
    await expect(network.attach(request)).rejects.toThrow(/broken .* failed with code 100: broken/);
    expect(await held()).toHaveLength(2);
    expect(await natRules(host)).toMatch(/10053/);
    await network.detach(request);
    expect(await held()).toEqual([]);
    expect(await natRules(host)).not.toMatch(/10053|10\.201\.0/);
  });
});

it('takes everything back when the namespace went first, as after a reboot', async () => {
  await withRig({}, async ({ host, network, pod, held }) => {
    const request = await pod({ portMappings: [{ protocol: 'tcp', containerPort: 80, hostPort: 18_081 }] });
    await network.attach(request);
    await host.removePod(request.netns);
    await network.detach(request);
    expect(await held()).toEqual([]);
    expect(await natRules(host)).not.toMatch(/18081/);
  });
});

it('attaches a pod again after an attempt whose end nobody saw', async () => {
  await withRig({}, async ({ network, pod, held }) => {
    const request = await pod();
    await network.attach(request);
    await network.attach(request);
    expect(await held()).toHaveLength(2);
    await network.detach(request);
    expect(await held()).toEqual([]);
  });
});

it('finds with CHECK that somebody has removed an interface', async () => {
  await withRig({}, async ({ host, network, pod }) => {
    const request = await pod();
    await network.attach(request);
    await network.check(request.sandboxId);
    await host.execute(request.netns, 'ip', 'link', 'del', 'eth0');
    await expect(network.check(request.sandboxId)).rejects.toThrow(
      /CNI plugin bridge \(CHECK, network crihub\)/,
    );
    await network.detach(request);
  });
});

it('takes addresses from the pod CIDR where the network leaves them to the node', async () => {
  const change = (list: ConfigList): ConfigList => ({
    ...list,
    plugins: list.plugins.map((plugin) => {
      if (plugin['type'] !== 'bridge') return plugin;
      const { ranges: _ranges, ...ipam } = plugin['ipam'] as Record<string, unknown>;
      return { ...plugin, ipam, forceAddress: true, capabilities: { ipRanges: true } };
    }),
  });
  await withRig({ change, options: { podCidr: '10.202.7.0/24' } }, async ({ network, pod }) => {
    const request = await pod();
    expect((await network.attach(request)).ips).toEqual([expect.stringMatching(/^10\.202\.7\./)]);
    network.setPodCidr('10.203.0.0/16');
    const later = await pod();
    expect((await network.attach(later)).ips).toEqual([expect.stringMatching(/^10\.203\.0\./)]);
    for (const each of [request, later]) await network.detach(each);
  });
});

it('limits the bandwidth of a pod that asks for it', async () => {
  const change = (list: ConfigList): ConfigList => ({
    ...list,
    plugins: [...list.plugins, { type: 'bandwidth', capabilities: { bandwidth: true } }],
  });
  await withRig({ change }, async ({ host, network, pod, held }) => {
    const request = await pod({ annotations: { 'kubernetes.io/ingress-bandwidth': '10M' } });
    await network.attach(request);
    expect(await host.execute(host.name, 'tc', 'qdisc', 'show')).toMatch(/tbf .*rate 10Mbit/);
    await network.detach(request);
    expect(await held()).toEqual([]);
  });
});

it('releases what a pod has left that was forgotten', async () => {
  await withRig({}, async ({ network, pod, held }) => {
    const [kept, forgotten] = [await pod(), await pod()];
    await network.attach(kept);
    await network.attach(forgotten);
    await network.collectGarbage(() => [kept.sandboxId]);
    expect(await held()).toHaveLength(2);
    await network.check(kept.sandboxId);
    await network.detach(kept);
  });
});
