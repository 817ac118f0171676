import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container, ContainerSecurity, Mount, Sandbox } from '@crihub/contract';
import { type ContainerOverrides, sampleMount } from '@crihub/contract-testkit';
import { CdiRegistry } from '@crihub/service-oci';
import { newerDocker, type UnpackedDocker } from '@crihub/tool-fixtures';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BusyboxImages } from '@crihub/service-sandbox/testing';
import { DockerRig } from './testing/docker-rig.ts';
import { outputOf, runContainer, runPod, soon } from './testing/pod-run.ts';
import { TestEngine, type TestEngineOptions } from './testing/test-engine.ts';

interface Row {
  readonly title: string;
  readonly options: TestEngineOptions;
}

const newer = await newerDocker();
if (typeof newer === 'string') it.skip(newer, () => undefined);
const rows: readonly Row[] = [
  { title: "the machine's engine", options: {} },
  ...(typeof newer === 'string' ? [] : [newerRow(newer)]),
];

/** Such as engines from version 29 on are. */
function newerRow({ version, programs }: UnpackedDocker): Row {
  return {
    title: `Docker Engine ${version} with its images in containerd`,
    options: { programs, containerdImages: true },
  };
}

describe.each(rows)('on $title', ({ options }) => {
  const isNew = options.programs !== undefined;
  const showsLayers = options.containerdImages !== true;
  let directory: string;
  let engine: TestEngine;
  let rig: DockerRig;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'crihub-translation-'));
    engine = await TestEngine.start(options);
    const cdi = new CdiRegistry({ directories: [join(directory, 'cdi')] });
    rig = await DockerRig.start({ engine, images: await BusyboxImages.make(directory, 'zstd'), cdi });
  });
  afterAll(async () => {
    const leaks = await rig.leaks();
    await rig[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
    expect(leaks).toEqual([]);
  });

  const security = (overrides: Partial<ContainerSecurity>): ContainerSecurity => ({
    privileged: false,
    capabilities: { add: [], drop: [], addAmbient: [] },
    noNewPrivileges: false,
    readonlyRootfs: false,
    maskedPaths: [],
    readonlyPaths: [],
    seccomp: { type: 'unconfined' },
    apparmor: { type: 'unconfined' },
    ...overrides,
  });
  const mount = (overrides: Partial<Mount>): Mount =>
    sampleMount({ destination: '/mnt', source: '/tmp', ...overrides });
  const pod = (namespaces: Partial<Sandbox['namespaces']>): Partial<Sandbox> => ({
    namespaces: { network: 'pod', ipc: 'pod', pid: 'container', ...namespaces },
  });
  const status = (name: string): string =>
    `while read k v; do [ $k = ${name}: ] && echo $v; done </proc/1/status`;

  const untilLogged = async ({ logPath }: Container, text: string): Promise<void> => {
    const log = (): Promise<string> => readFile(logPath, 'utf8').catch(() => ''); // not there yet
    await expect.poll(log, { timeout: 10_000 }).toContain(text);
  };

  /** A device of the CDI kind `example.com/lamp`. */
  const writeCdi = async (name: string, containerEdits: object): Promise<void> => {
    await mkdir(join(directory, 'cdi'), { recursive: true });
    const spec = { cdiVersion: '0.7.0', kind: 'example.com/lamp', devices: [{ name, containerEdits }] };
    await writeFile(join(directory, `cdi/${name}.json`), JSON.stringify(spec));
  };

  interface Case {
    readonly name: string;
    readonly script: string;
    readonly container?: ContainerOverrides;
    readonly pod?: Partial<Sandbox>;
    readonly shows: string | RegExp;
  }

  const cases: readonly Case[] = [
    {
      name: 'user, group and further groups, and no others',
      script: 'while read k v; do case $k in Uid:|Gid:|Groups:) echo $v;; esac; done </proc/self/status',
      container: { process: { user: { uid: 1234, gid: 2345, additionalGids: [3456, 4567] } } },
      shows: /^1234\s.*\n2345\s.*\n(2345 )?3456 4567$/,
    },
    {
      name: 'the working directory and the environment',
      script: 'pwd; echo $NAME',
      container: { process: { cwd: '/tmp', env: ['PATH=/bin', 'NAME=a value'] } },
      shows: '/tmp\na value',
    },
    {
      name: 'no capability but those named',
      script: status('CapBnd'),
      container: {
        security: security({ capabilities: { add: ['NET_ADMIN'], drop: ['ALL'], addAmbient: [] } }),
      },
      shows: '0000000000001000',
    },
    {
      name: 'no new privileges',
      script: status('NoNewPrivs'),
      container: { security: security({ noNewPrivileges: true }) },
      shows: '1',
    },
    {
      name: 'the default seccomp profile',
      script: status('Seccomp'),
      container: { security: security({ seccomp: { type: 'runtimeDefault' } }) },
      shows: '2',
    },
    { name: 'no seccomp if unconfined', script: status('Seccomp'), shows: '0' },
    {
      name: 'a read-only root',
      script: 'echo x >/tmp/file || echo refused',
      container: { security: security({ readonlyRootfs: true }) },
      shows: /^refused$/m,
    },
    {
      name: 'masked and read-only paths',
      script: 'cat /proc/keys; echo 1 >/proc/sys/kernel/printk || echo refused',
      container: {
        security: security({ maskedPaths: ['/proc/keys'], readonlyPaths: ['/proc/sys'] }),
      },
      shows: /^refused$/m,
    },
    {
      name: 'what privileged means: devices, writable /proc/sys, all capabilities of the host',
      script: `ls /dev/vda /dev/loop-control 2>/dev/null | head -c 5; echo; ${status('Seccomp')}; echo 5 >/proc/sys/kernel/msgmax && echo written`,
      container: { security: security({ privileged: true, maskedPaths: ['/proc/keys'] }) },
      shows: /^\/dev\/\n0\nwritten$/,
    },
    {
      name: 'the OOM score adjustment',
      script: 'cat /proc/self/oom_score_adj',
      container: { resources: { oomScoreAdj: 731 } },
      shows: '731',
    },
    {
      name: 'the OOM score adjustment no lower than the host allows',
      script: 'cat /proc/self/oom_score_adj',
      container: { resources: { oomScoreAdj: -998 } },
      shows: /^(-\d+|0)$/,
    },
    {
      name: 'a device under another name',
      script: 'head -c 3 /dev/nothing | ls -l /dev/nothing; head -c 2 /dev/nothing; echo end',
      container: { devices: [{ hostPath: '/dev/null', containerPath: '/dev/nothing', permissions: 'rw' }] },
      shows: /^c.*\/dev\/nothing\nend$/,
    },
    {
      name: "the pod's host name",
      script: 'cat /proc/sys/kernel/hostname',
      pod: { hostname: 'web-0' },
      shows: 'web-0',
    },
    {
      name: "the node's host name and network",
      script: 'cat /proc/sys/kernel/hostname',
      pod: { ...pod({ network: 'node' }), hostname: '' },
      shows: hostname(),
    },
    {
      name: "the pod's sysctls",
      script: 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced',
      pod: { sysctls: { 'net.ipv4.ip_unprivileged_port_start': '99', 'kernel.shm_rmid_forced': '1' } },
      shows: '99\n1',
    },
    {
      name: 'a PID namespace of its own',
      script: 'echo $$',
      shows: '1',
    },
    {
      name: "the pod's PID namespace, where the pause process is first",
      script: 'cat /proc/1/comm',
      container: { pidNamespace: { mode: 'pod' } },
      pod: pod({ pid: 'pod' }),
      shows: 'pause',
    },
    {
      name: "the node's PID namespace",
      script: `[ $$ -gt 20 ] && [ -d /proc/${String(process.pid)} ] && echo seen`,
      container: { pidNamespace: { mode: 'node' } },
      pod: pod({ pid: 'node' }),
      shows: 'seen',
    },
    {
      name: 'both output streams of a terminal as one',
      script: 'echo out; echo error >&2; head -c 40000 /dev/zero | tr "\\0" x; echo',
      container: { process: { terminal: true } },
      shows: /^out\r\nerror\r\n(x+\n)+x*\r$/,
    },
  ];

  describe('what a container gets of what it asks for', () => {
    it.each(cases)('$name', async ({ script, container, pod: overrides, shows }) => {
      const output = await outputOf(rig, script, container, overrides);
      if (typeof shows === 'string') expect(output).toBe(shows);
      else expect(output).toMatch(shows);
    });

    it('its image, with the time that the copy took, if one was needed', async () => {
      await rig.backend.imageCopies.remove(rig.images.id, soon());
      const sandbox = await runPod(rig);
      const create = async () =>
        await rig.backend.containers.create(await rig.makeContainer(sandbox), sandbox, soon());
      const copied = (await create()).phases?.image_copy;
      expect(copied).toBeGreaterThan(0.001);
      expect(copied).toBeLessThan(30);
      expect((await create()).phases).toBeUndefined();
      await rig.backend.sandboxes.remove(sandbox.id, soon());
    });

    it("the pod's files, hidden by a mount of its own", async () => {
      const sandbox = await rig.makeSandbox();
      await writeFile(join(sandbox.directory, 'resolv.conf'), 'nameserver 192.0.2.53\n');
      await writeFile(join(sandbox.directory, 'hosts'), '192.0.2.1 pod\n');
      const own = join(directory, 'own-hosts');
      await writeFile(own, '192.0.2.2 own\n');
      const mounts = [mount({ source: own, destination: '/etc/hosts', readonly: true })];
      const script = 'cat /etc/resolv.conf /etc/hosts; echo x >/etc/hosts || echo refused';
      expect(await outputOf(rig, script, { mounts }, sandbox)).toMatch(
        /nameserver 192.0.2.53\n192.0.2.2 own\n[^]*refused/,
      );
    });

    it('what CDI devices bring: nodes, variables, mounts and groups', async () => {
      await writeCdi('lamp', {
        env: ['LAMP=on'],
        deviceNodes: [{ path: '/dev/lamp', hostPath: '/dev/zero' }],
        mounts: [{ hostPath: '/etc/os-release', containerPath: '/lamp', options: ['ro', 'bind'] }],
        additionalGids: [4242],
      });
      const script = 'echo $LAMP; head -c 3 /dev/lamp | wc -c; [ -s /lamp ] && echo mounted; id -G';
      const output = await outputOf(rig, script, { cdiDevices: ['example.com/lamp=lamp'] });
      expect(output).toMatch(/^on\n3\nmounted\n.*\b4242\b/);
    });

    it.runIf(showsLayers)('a layer of its own, which the host can measure', async () => {
      const sandbox = await runPod(rig);
      const container = await rig.makeContainer(sandbox, {
        process: { args: ['/bin/sh', '-c', 'echo x >/written; echo done; sleep 1000'] },
      });
      await rig.backend.containers.create(container, sandbox, soon());
      const { writableLayer } = await rig.backend.containers.start(container.id, soon());
      await untilLogged(container, 'done');
      expect(await readFile(join(writableLayer?.directory ?? '', 'written'), 'utf8')).toBe('x\n');
      const { containers } = await rig.backend.inventory(soon());
      expect(containers).toMatchObject([{ id: container.id, writableLayer }]);
      await rig.backend.sandboxes.remove(sandbox.id, soon());
    });

    it('the processes of another container of the pod', async () => {
      const sandbox = await runPod(rig);
      const target = await runContainer(rig, sandbox, 'echo ready; sleep 1000');
      const container = await runContainer(rig, sandbox, 'tr "\\0" " " </proc/1/cmdline; echo', {
        pidNamespace: { mode: 'target', target: target.id },
      });
      await untilLogged(container, 'sleep 1000');
      await rig.backend.sandboxes.remove(sandbox.id, soon());
    });

    it('an image that the engine has already, without another copy', async () => {
      const before = rig.images.handedOver;
      const sandbox = await runPod(rig);
      await runContainer(rig, sandbox, 'sleep 1000');
      expect(rig.images.handedOver).toBe(before);
      await rig.backend.sandboxes.remove(sandbox.id, soon());
    });
  });

  describe('what the engine has no words for is refused with a sentence', () => {
    const refusals: readonly { name: string; container: ContainerOverrides; kind: string; says: RegExp }[] = [
      {
        name: 'ambient capabilities',
        container: { security: security({ capabilities: { add: [], drop: [], addAmbient: ['KILL'] } }) },
        kind: 'Unimplemented',
        says: /ambient capabilities KILL/,
      },
      {
        name: 'mount options',
        container: { mounts: [mount({ options: ['noexec'] })] },
        kind: 'Unimplemented',
        says: /mount \/mnt with noexec/,
      },
      {
        name: 'an image that the hub does not have',
        container: { imageId: `sha256:${'a'.repeat(64)}` },
        kind: 'NotFound',
        says: /not on this node/,
      },
      {
        name: 'a mount of what is not there',
        container: { mounts: [mount({ source: '/no/such/path' })] },
        kind: 'InvalidArgument',
        says: /\/no\/such\/path/,
      },
    ];
    it.each(refusals)('$name', async ({ container, kind, says }) => {
      const sandbox = await runPod(rig);
      const made = await rig.makeContainer(sandbox, container);
      const refused = rig.backend.containers.create(made, sandbox, soon());
      await expect(refused).rejects.toMatchObject({ kind, message: expect.stringMatching(says) as unknown });
      await rig.backend.sandboxes.remove(sandbox.id, soon());
    });

    it('hooks of a CDI device', async () => {
      const hooks = [{ hookName: 'createContainer', path: '/bin/true' }];
      await writeCdi('hooked', { hooks });
      const sandbox = await runPod(rig);
      const made = await rig.makeContainer(sandbox, { cdiDevices: ['example.com/lamp=hooked'] });
      await expect(rig.backend.containers.create(made, sandbox, soon())).rejects.toMatchObject({
        kind: 'Unimplemented',
        message: expect.stringContaining('hooks of example.com/lamp=hooked') as unknown,
      });
      await rig.backend.sandboxes.remove(sandbox.id, soon());
    });

    it('a user namespace for a pod', async () => {
      const user = { uids: [{ containerId: 0, hostId: 100_000, length: 65_536 }], gids: [] };
      const sandbox = await rig.makeSandbox(pod({ user }));
      await expect(rig.backend.sandboxes.prepare(sandbox, soon())).rejects.toMatchObject({
        kind: 'Unimplemented',
      });
    });
  });

  describe('mounts', () => {
    const recursive = { readonly: true, recursiveReadonly: true };

    it.runIf(!isNew)('are refused if they must be read-only below, which came with version 25', async () => {
      const sandbox = await runPod(rig);
      const made = await rig.makeContainer(sandbox, { mounts: [mount({ source: directory, ...recursive })] });
      await expect(rig.backend.containers.create(made, sandbox, soon())).rejects.toMatchObject({
        kind: 'Unimplemented',
        message: expect.stringMatching(/below \/mnt read-only/) as unknown,
      });
      await rig.backend.sandboxes.remove(sandbox.id, soon());
    });

    it('are read-only below if they must be, and else not', async () => {
      const source = join(directory, 'upper');
      const below = join(source, 'below');
      await mkdir(below, { recursive: true });
      await rig.mountShared(below);
      const script = 'echo x >/mnt/file || echo refused; echo x >/mnt/below/file && echo written';
      const plain = await outputOf(rig, script, { mounts: [mount({ source, readonly: true })] });
      expect(plain).toMatch(/refused[^]*written/);
      if (isNew) {
        const output = await outputOf(rig, script, { mounts: [mount({ source, ...recursive })] });
        expect(output).not.toMatch(/written/);
      }
      await rig.unmount(below);
    });

    it('shows the host what a privileged container mounts in a bidirectional one', async () => {
      const shared = join(directory, 'shared');
      await mkdir(join(shared, 'inside'), { recursive: true });
      await rig.mountShared(shared);
      const sandbox = await runPod(rig);
      const privileged = security({ privileged: true });
      const mounts = [mount({ source: shared, propagation: 'bidirectional' })];
      const script =
        '/bin/busybox mount -t tmpfs none /mnt/inside && echo 1 >/mnt/inside/file; echo done; sleep 1000';
      const made = await runContainer(rig, sandbox, script, { mounts, security: privileged });
      await untilLogged(made, 'done');
      expect(await readFile(join(shared, 'inside/file'), 'utf8')).toBe('1\n');
      await rig.backend.sandboxes.remove(sandbox.id, soon());
      await rig.unmount(shared);
    });
  });
});
