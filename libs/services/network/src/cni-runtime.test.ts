import { mkdir, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@crihub/kernel';
import { expect, it, vi } from 'vitest';
import type { Attachment } from './attachment.ts';
import { CniRuntime } from './cni-runtime.ts';
import type { CniVersion } from './cni-version.ts';
import { type NetworkList, parseNetworkList } from './network-list.ts';
import { FakePlugins, RESULT } from './testing/fake-plugins.ts';

const NETNS = '/proc/self/ns/net';
const attachment: Attachment = {
  containerId: 'pod1',
  interfaceName: 'eth0',
  netns: NETNS,
  args: [
    ['IgnoreUnknown', '1'],
    ['K8S_POD_NAME', 'web'],
  ],
  capabilities: { portMappings: [{ hostPort: 80 }], mac: '02:00:00:00:00:01' },
};

const network = (extra: object = {}, cniVersion: CniVersion = '1.0.0'): NetworkList =>
  parseNetworkList(
    JSON.stringify({
      cniVersion,
      name: 'net',
      plugins: [
        { type: 'first', mtu: 1400 },
        { type: 'second', capabilities: { portMappings: true, mac: false } },
      ],
      ...extra,
    }),
    'test',
  );

interface Rig {
  readonly plugins: FakePlugins;
  readonly cni: CniRuntime;
  /** Names of the files in the cache. */
  readonly cached: () => Promise<string[]>;
  readonly cacheDirectory: string;
}

async function withRig(work: (rig: Rig) => Promise<void>): Promise<void> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'cni-'));
  const plugins = await FakePlugins.install(join(directory.path, 'bin'), 'first', 'second');
  const cacheDirectory = join(directory.path, 'cache');
  await mkdir(join(cacheDirectory, 'results'), { recursive: true });
  const cni = new CniRuntime(
    { binDirectories: [plugins.directory], cacheDirectory, timeouts: { ADD: 2_000, DEL: 2_000 } },
    { logger: silentLogger },
  );
  const cached = (): Promise<string[]> => readdir(join(cacheDirectory, 'results'));
  await work({ plugins, cni, cached, cacheDirectory });
}

const FAIL = `echo '{"code":100,"msg":"no"}'; exit 1`;

it('ADD runs the chain in order, each plugin with the result before it and its own capabilities', async () => {
  await withRig(async ({ plugins, cni, cached }) => {
    const result = await cni.add(network(), attachment);
    expect(result.ips).toEqual([
      { address: '10.1.0.2', cidr: '10.1.0.2/24', gateway: '10.1.0.1', interface: 1 },
    ]);
    const [first, second] = await plugins.calls();
    expect(first).toMatchObject({
      plugin: 'first',
      command: 'ADD',
      netns: NETNS,
      args: 'IgnoreUnknown=1;K8S_POD_NAME=web',
    });
    expect(first?.config).toEqual({ type: 'first', mtu: 1400, name: 'net', cniVersion: '1.0.0' });
    expect(second?.config).toEqual({
      type: 'second',
      name: 'net',
      cniVersion: '1.0.0',
      prevResult: RESULT,
      runtimeConfig: { portMappings: [{ hostPort: 80 }] },
    });
    expect(await cached()).toEqual(['net-pod1-eth0']);
  });
});

it('ADD passes on a result in the version of the configuration', async () => {
  await withRig(async ({ plugins, cni }) => {
    await cni.add(network({}, '0.4.0'), attachment);
    expect((await plugins.calls())[1]?.config['prevResult']).toMatchObject({
      cniVersion: '0.4.0',
      ips: [{ version: '4', address: '10.1.0.2/24' }],
    });
  });
});

it.each([
  ['fails', FAIL, /second .* failed with code 100: no/],
  ['hangs', 'sleep 60', /second .* took longer than 2000 ms/],
  ['prints rubbish', 'echo "<html>"; exit 0', /second .* gave no result but printed <html>/],
  ['prints nothing', 'exit 0', /second .* gave no result but printed nothing/],
  ['prints a text', `echo '"x"'; exit 0`, /printed "x"\n?, which is no result/],
  ['prints no result', `echo '{"ips":[{}]}'; exit 0`, /second .* printed no CNI result: ips\.0\.address/],
])(
  'ADD whose second plugin %s can be undone, with the arguments of the ADD',
  async (_sentence, shell, message) => {
    await withRig(async ({ plugins, cni, cached }) => {
      await plugins.tell('second', 'ADD', shell);
      await expect(cni.add(network(), attachment)).rejects.toThrow(message);
      expect(await cached()).toEqual(['net-pod1-eth0']);
      await plugins.forget();
      await cni.del({ ...attachment, args: [], capabilities: {} }, undefined);
      expect(await plugins.history()).toEqual(['DEL second', 'DEL first']);
      const [second] = await plugins.calls();
      expect(second?.args).toBe('IgnoreUnknown=1;K8S_POD_NAME=web');
      expect(second?.config).toMatchObject({ runtimeConfig: { portMappings: [{ hostPort: 80 }] } });
      expect(second?.config).not.toHaveProperty('prevResult');
      expect(await cached()).toEqual([]);
    });
  },
);

it('ADD deletes first what an earlier attempt has left', async () => {
  await withRig(async ({ plugins, cni }) => {
    await cni.add(network(), attachment);
    await plugins.forget();
    await cni.add(network({ name: 'other' }), attachment);
    expect(await plugins.history()).toEqual(['DEL second', 'DEL first', 'ADD first', 'ADD second']);
  });
});

it('DEL runs the chain backwards with configuration and result of the ADD, whatever the files say now', async () => {
  await withRig(async ({ plugins, cni, cached }) => {
    await cni.add(network(), attachment);
    await plugins.forget();
    await cni.del(attachment, network({ name: 'new', plugins: [{ type: 'missing' }] }));
    expect(await plugins.history()).toEqual(['DEL second', 'DEL first']);
    for (const { config } of await plugins.calls())
      expect(config).toMatchObject({ name: 'net', prevResult: RESULT });
    expect(await cached()).toEqual([]);
  });
});

it.each<[CniVersion, boolean]>([
  ['0.3.1', false],
  ['0.4.0', true],
  ['1.1.0', true],
])('DEL of CNI %s gets the result: %s', async (version, expected) => {
  await withRig(async ({ plugins, cni }) => {
    await cni.add(network({}, version), attachment);
    await cni.del(attachment, undefined);
    const call = (await plugins.calls()).at(-1);
    expect('prevResult' in (call?.config ?? {})).toBe(expected);
  });
});

it('DEL says that the namespace is gone, also where its file remains', async () => {
  await withRig(async ({ plugins, cni, cacheDirectory }) => {
    const plain = join(cacheDirectory, 'plain');
    await writeFile(plain, '');
    for (const netns of [plain, '/nonexistent/ns', '']) {
      await cni.add(network(), { ...attachment, netns });
      await plugins.forget();
      await cni.del(attachment, undefined);
      expect((await plugins.calls()).map((call) => call.netns)).toEqual(['', '']);
      await plugins.forget();
    }
  });
});

it('DEL stops at the first failure and stays owed until it succeeds', async () => {
  await withRig(async ({ plugins, cni, cached }) => {
    await cni.add(network(), attachment);
    await plugins.forget();
    await plugins.tell('second', 'DEL', FAIL);
    await expect(cni.del(attachment, undefined)).rejects.toThrow(/second \(DEL, network net\) failed/);
    expect(await plugins.history()).toEqual(['DEL second']);
    expect(await cached()).toEqual(['net-pod1-eth0']);
    await plugins.tell('second', 'DEL', '');
    await cni.del(attachment, undefined);
    expect(await cached()).toEqual([]);
  });
});

it('DEL takes the answer that the container is unknown for success', async () => {
  await withRig(async ({ plugins, cni, cached }) => {
    await cni.add(network(), attachment);
    await plugins.tell('second', 'DEL', `echo '{"code":3,"msg":"unknown"}'; exit 1`);
    await cni.del(attachment, undefined);
    expect((await plugins.history()).at(-1)).toBe('DEL first');
    expect(await cached()).toEqual([]);
  });
});

it('DEL of what was never attached asks the configured plugins, if there are any', async () => {
  await withRig(async ({ plugins, cni }) => {
    await cni.del(attachment, undefined);
    expect(await plugins.history()).toEqual([]);
    await cni.del(attachment, network());
    expect(await plugins.history()).toEqual(['DEL second', 'DEL first']);
  });
});

it('DEL falls back on the configured network when the cache is damaged, and clears it', async () => {
  await withRig(async ({ plugins, cni, cached, cacheDirectory }) => {
    await writeFile(join(cacheDirectory, 'results', 'net-pod1-eth0'), 'rubbish');
    await cni.del(attachment, network());
    expect(await plugins.history()).toEqual(['DEL second', 'DEL first']);
    expect(await cached()).toEqual([]);
  });
});

it('CHECK passes the result to every plugin, in order', async () => {
  await withRig(async ({ plugins, cni }) => {
    await expect(cni.check(attachment)).rejects.toMatchObject({ kind: 'NotFound' });
    await cni.add(network(), attachment);
    await plugins.forget();
    await cni.check(attachment);
    expect(await plugins.history()).toEqual(['CHECK first', 'CHECK second']);
    for (const { config } of await plugins.calls()) expect(config).toMatchObject({ prevResult: RESULT });
    await plugins.tell('first', 'CHECK', FAIL);
    await expect(cni.check(attachment)).rejects.toThrow(/first \(CHECK/);
  });
});

it.each([
  ['the list disables it', network({ disableCheck: true })],
  ['the version has no such command', network({}, '0.3.1')],
])('CHECK does nothing where %s', async (_sentence, list) => {
  await withRig(async ({ plugins, cni }) => {
    await cni.add(list, attachment);
    await plugins.forget();
    await cni.check(attachment);
    expect(await plugins.history()).toEqual([]);
  });
});

it('STATUS asks every plugin since CNI 1.1, and nobody before', async () => {
  await withRig(async ({ plugins, cni }) => {
    await cni.status(network({}, '1.0.0'));
    expect(await plugins.history()).toEqual([]);
    await cni.status(network({}, '1.1.0'));
    expect(await plugins.history()).toEqual(['STATUS first', 'STATUS second']);
    await plugins.tell('second', 'STATUS', `echo '{"code":50,"msg":"no route"}'; exit 1`);
    await expect(cni.status(network({}, '1.1.0'))).rejects.toMatchObject({ kind: 'Unavailable' });
  });
});

const other: Attachment = { ...attachment, containerId: 'pod2' };

it.each<[CniVersion, string[]]>([
  ['1.0.0', ['DEL second', 'DEL first']],
  ['1.1.0', ['DEL second', 'DEL first', 'GC first', 'GC second']],
])('GC of CNI %s deletes stale attachments and names the valid ones', async (version, expected) => {
  await withRig(async ({ plugins, cni, cached }) => {
    await cni.add(network({}, version), attachment);
    await cni.add(network({}, version), other);
    await cni.add(network({ name: 'foreign' }, version), { ...attachment, containerId: 'pod3' });
    await plugins.forget();
    await cni.gc(network({}, version), () => [attachment]);
    expect(await plugins.history()).toEqual(expected);
    expect((await plugins.calls())[0]).toMatchObject({ containerId: 'pod2' });
    expect(await cached()).toEqual(['foreign-pod3-eth0', 'net-pod1-eth0']);
    const valid = [{ containerID: 'pod1', ifname: 'eth0' }];
    for (const { command, config } of await plugins.calls()) {
      if (command === 'GC') expect(config).toMatchObject({ name: 'net', 'cni.dev/valid-attachments': valid });
    }
  });
});

it('GC is not done where the list disables it', async () => {
  await withRig(async ({ plugins, cni, cached }) => {
    await cni.add(network(), attachment);
    await plugins.forget();
    await cni.gc(network({ disableGC: true }, '1.1.0'), () => []);
    expect([await plugins.history(), await cached()]).toEqual([[], ['net-pod1-eth0']]);
  });
});

it('GC goes on after a failure and reports all of them', async () => {
  await withRig(async ({ plugins, cni, cached }) => {
    await cni.add(network({}, '1.1.0'), attachment);
    await plugins.forget();
    await plugins.tell('second', 'DEL', FAIL);
    await plugins.tell('first', 'GC', FAIL);
    const failure = cni.gc(network({}, '1.1.0'), () => []);
    await expect(failure).rejects.toMatchObject({
      errors: [{}, {}],
      message: 'CNI GC of network net is incomplete',
    });
    expect(await plugins.history()).toEqual(['DEL second', 'GC first', 'GC second']);
    expect(await cached()).toEqual(['net-pod1-eth0']);
  });
});

it('GC waits for an ADD that is under way, and the ADD after it waits for the GC', async () => {
  await withRig(async ({ plugins, cni }) => {
    await plugins.tell('second', 'ADD', 'sleep 0.3');
    await plugins.tell('first', 'GC', 'sleep 0.3');
    const valid = [attachment];
    const adding = cni.add(network({}, '1.1.0'), attachment);
    await vi.waitFor(async () => expect(await plugins.history()).toContain('ADD second'));
    const collecting = cni.gc(network({}, '1.1.0'), () => valid);
    await vi.waitFor(async () => expect(await plugins.history()).toContain('GC first'), 5_000);
    valid.push(other);
    await Promise.all([adding, collecting, cni.add(network({}, '1.1.0'), other)]);
    expect(await plugins.history()).toEqual([
      ...['ADD first', 'ADD second', 'GC first', 'GC second'],
      ...['ADD first', 'ADD second'],
    ]);
  });
});

it('operations on one attachment never overlap, those on two do', async () => {
  await withRig(async ({ plugins, cni }) => {
    await plugins.tell('first', 'ADD', 'sleep 0.3');
    const adding = cni.add(network(), attachment);
    const deleting = cni.del(attachment, undefined);
    const second = cni.add(network(), other).then(() => cni.del(other, undefined));
    await Promise.all([adding, deleting, second]);
    const calls = await plugins.calls();
    const mine = calls
      .filter((call) => call.containerId === 'pod1')
      .map((call) => `${call.command} ${call.plugin}`);
    expect(mine).toEqual(['ADD first', 'ADD second', 'DEL second', 'DEL first']);
    expect(
      calls
        .slice(0, 2)
        .map((call) => call.containerId)
        .toSorted(),
    ).toEqual(['pod1', 'pod2']);
  });
});

it('a caller who gives up while it waits runs nothing', async () => {
  await withRig(async ({ plugins, cni }) => {
    await plugins.tell('first', 'ADD', 'sleep 0.5');
    const adding = cni.add(network(), attachment);
    await expect(cni.del(attachment, undefined, AbortSignal.timeout(50))).rejects.toThrow();
    await adding;
    expect(await plugins.history()).toEqual(['ADD first', 'ADD second']);
  });
});

it.each<[string, Partial<Attachment>, RegExp]>([
  ['a container id with a separator', { containerId: '../x' }, /"\.\.\/x" is not a CNI container id/],
  ['an empty container id', { containerId: '' }, /"" is not a CNI container id/],
  ['an interface name that is too long', { interfaceName: 'x'.repeat(16) }, /is not an interface name/],
  ['an interface named ..', { interfaceName: '..' }, /is not an interface name/],
  ['an argument with a semicolon', { args: [['K8S_POD_NAME', 'a;B=c']] }, /K8S_POD_NAME can't be "a;B=c"/],
])('refuses %s before it runs anything', async (_sentence, extra, message) => {
  await withRig(async ({ plugins, cni }) => {
    await expect(cni.add(network(), { ...attachment, ...extra })).rejects.toThrow(message);
    expect(await plugins.history()).toEqual([]);
  });
});
