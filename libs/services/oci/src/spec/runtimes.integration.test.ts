import { execFile, spawn } from 'node:child_process';
import {
  access,
  chmod,
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  rmdir,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CdiRegistry } from '../cdi/cdi-registry.ts';
import { resolveDevices } from '../devices/resolve-devices.ts';
import { hostArchitecture } from '../seccomp/architectures.ts';
import { resolveSeccomp } from '../seccomp/resolve-seccomp.ts';
import { serializeOci } from '../serialize.ts';
import { aMount, type InputChanges, specInput } from '../testing/spec-fixture.ts';
import { buildSpec } from './build-spec.ts';
import { ALL_CAPABILITIES } from './capabilities.ts';
import { DEFAULT_MASKED_PATHS, DEFAULT_READONLY_PATHS } from './paths.ts';
import type { SpecHost } from './spec-input.ts';

const execute = promisify(execFile);
const CGROUP_PARENT = 'crihub-oci-test';
const BUSYBOX = '/bin/busybox';
const APPLETS = [
  'sh',
  'cat',
  'id',
  'ls',
  'mount',
  'grep',
  'sleep',
  'touch',
  'hostname',
  'unshare',
  'readlink',
  'stat',
  'env',
];
const OWN_NAMESPACES = {
  network: 'new',
  ipc: 'new',
  uts: 'new',
  pid: 'new',
  cgroup: 'new',
  user: 'host',
} as const;

let directory: string;
let rootfs: string;
let host: SpecHost;
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-oci-'));
  await chmod(directory, 0o755); // a user namespace's root must get through
  rootfs = join(directory, 'rootfs');
  for (const path of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'data']) {
    await mkdir(join(rootfs, path), { recursive: true });
  }
  await copyFile(BUSYBOX, join(rootfs, 'bin/busybox'));
  for (const applet of APPLETS) await symlink('busybox', join(rootfs, 'bin', applet));
  await writeFile(join(rootfs, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
  await mkdir(join(directory, 'pod'));
  await mkdir(join(directory, 'data/below'), { recursive: true });
  host = await thisHost();
});

afterAll(async () => {
  for (const parent of await cgroupParents()) await rmdir(parent);
  await rm(directory, { recursive: true, force: true });
});

/** The directories of the containers' common parent, one in each hierarchy; runtimes leave it behind. */
async function cgroupParents(): Promise<readonly string[]> {
  const found = ['', ...(await readdir('/sys/fs/cgroup'))].map((name) =>
    join('/sys/fs/cgroup', name, CGROUP_PARENT),
  );
  const exists = await Promise.all(
    found.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.filter((_, index) => exists[index]);
}

async function thisHost(): Promise<SpecHost> {
  const status = await readFile('/proc/self/status', 'utf8');
  const bits = BigInt(`0x${/^CapBnd:\s*(\w+)$/m.exec(status)?.[1] ?? '0'}`);
  const capabilities = ALL_CAPABILITIES.filter((_, bit) => (bits >> BigInt(bit)) & 1n);
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  return {
    cgroupVersion: / \/sys\/fs\/cgroup .* - cgroup2 /.test(mounts) ? 2 : 1,
    capabilities,
    seccomp: /^Seccomp:/m.test(status),
    apparmor: false,
    selinux: false,
    swapLimit: false,
    hugepageLimit: mounts.includes('hugetlb'),
    minOomScoreAdj: capabilities.includes('CAP_SYS_RESOURCE') ? -1000 : 0,
    hardRlimits: {
      RLIMIT_NOFILE: Number(/files\s+\d+\s+(\d+)/.exec(await readFile('/proc/self/limits', 'utf8'))?.[1]),
    },
  };
}

interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** Runs a script in a container of its own, to its end, and leaves nothing behind. */
async function runScript(runtime: string, script: string, changes: InputChanges = {}): Promise<Outcome> {
  count += 1;
  const id = `crihub-oci-${String(process.pid)}-${String(count)}`;
  const bundle = join(directory, id);
  const input = specInput({
    cgroupsPath: `/${CGROUP_PARENT}/${id}`,
    ...changes,
    host,
    process: { args: ['/bin/sh', '-c', script], ...changes.process },
    container: { rootfs, ...changes.container },
    sandbox: { directory: join(directory, 'pod'), ...changes.sandbox },
    namespaces: { ...OWN_NAMESPACES, ...changes.namespaces },
  });
  const { shmPath: _, ...withoutShm } = input;
  const security = input.container.security;
  const seccomp = await resolveSeccomp(security, {
    ...host,
    architecture: hostArchitecture(),
    kernelVersion: [6, 1],
  });
  const spec = buildSpec({
    ...(changes.shmPath === undefined ? withoutShm : input),
    ...(seccomp === undefined ? {} : { seccomp }),
    devices: await resolveDevices(input.container),
  });
  await mkdir(bundle);
  await writeFile(join(bundle, 'config.json'), serializeOci(spec));
  const common = ['--root', join(directory, 'state')];
  try {
    const { stdout, stderr } = await execute(runtime, [...common, 'run', '--bundle', bundle, id], {
      timeout: 20_000,
    });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const failed = error as { code?: number; stdout: string; stderr: string };
    return { code: failed.code ?? -1, output: failed.stdout + failed.stderr };
  } finally {
    await execute(runtime, [...common, 'delete', '--force', id]).catch(() => undefined); // gone after `run`
    await rm(bundle, { recursive: true });
  }
}

describe.each(['runc', 'crun'])('%s', (runtime) => {
  const confined = {
    seccomp: { type: 'runtimeDefault' },
    maskedPaths: DEFAULT_MASKED_PATHS,
    readonlyPaths: DEFAULT_READONLY_PATHS,
  } as const;

  it.each<[sentence: string, script: string, changes: InputChanges, output: string | RegExp]>([
    ['runs a confined container', 'echo hello', { security: confined }, 'hello\n'],
    [
      'sets ids and groups',
      'id -u; id -g; id -G',
      { process: { user: { uid: 1000, gid: 1001, additionalGids: [1001, 7, 8] } } },
      '1000\n1001\n1001 7 8\n',
    ],
    [
      'sets the working directory and the environment',
      'pwd; echo $A',
      { process: { cwd: '/tmp', env: ['PATH=/bin', 'A=b c'] } },
      '/tmp\nb c\n',
    ],
    ['sets the hostname in a UTS namespace of its own', 'hostname', {}, 'web\n'],
    [
      'has a root that can be read only',
      'touch /x 2>&1; touch /etc/passwd 2>&1',
      { security: { readonlyRootfs: true } },
      /x: Read-only.*passwd: Read-only/s,
    ],
    ['has the default capabilities', 'grep CapEff /proc/self/status', {}, /00000000a80425fb/],
    [
      'gives only what is added after dropping all',
      'grep -E "Cap(Eff|Bnd)" /proc/self/status',
      { security: { capabilities: { drop: ['ALL'], add: ['KILL'], addAmbient: [] } } },
      /CapEff:\s0000000000000020\nCapBnd:\s0000000000000020/,
    ],
    [
      'keeps ambient capabilities of a user',
      'grep -E "Cap(Eff|Amb)" /proc/self/status',
      {
        process: { user: { uid: 1000, gid: 1000, additionalGids: [] } },
        security: { capabilities: { add: [], drop: [], addAmbient: ['NET_BIND_SERVICE'] } },
      },
      /CapEff:\s0000000000000400\nCapAmb:\s0000000000000400/,
    ],
    [
      'forbids new privileges',
      'grep NoNewPrivs /proc/self/status',
      { security: { noNewPrivileges: true } },
      /NoNewPrivs:\s1/,
    ],
    [
      'masks and protects paths',
      'cat /proc/kcore; touch /proc/sys/kernel/domainname 2>&1; ls /sys/firmware',
      { security: confined },
      /^touch: .*Read-only/,
    ],
    [
      'filters system calls',
      'grep Seccomp: /proc/self/status; unshare -U true 2>&1',
      { security: confined },
      /Seccomp:\s2\n.*Operation not permitted/,
    ],
    ['leaves an unconfined container unfiltered', 'grep Seccomp: /proc/self/status', {}, /Seccomp:\s0/],
    [
      'makes /sys and cgroups read-only',
      'd=/sys/fs/cgroup; [ -d $d/pids ] && d=$d/pids; touch /sys/x $d/x 2>&1',
      {},
      /Read-only.*Read-only/s,
    ],
    [
      'gives its own /dev/shm',
      'grep -c " /dev/shm " /proc/mounts; touch /dev/shm/x && echo ok',
      {},
      '1\nok\n',
    ],
    [
      'sets oom_score_adj',
      'cat /proc/self/oom_score_adj',
      { container: { resources: { oomScoreAdj: 500 } } },
      '500\n',
    ],
    [
      'clamps an oom_score_adj that the host can not give',
      'echo ran',
      { container: { resources: { oomScoreAdj: -997 } } },
      'ran\n',
    ],
    [
      'clamps rlimits',
      'ulimit -n',
      { rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 2n ** 64n - 1n }] },
      '1024\n',
    ],
    [
      'sets sysctls of its own network namespace',
      'cat /proc/sys/net/ipv4/ip_unprivileged_port_start',
      { sandbox: { sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80' } } },
      '80\n',
    ],
    [
      'limits memory, CPU and processes',
      'echo limited',
      {
        container: {
          resources: {
            cpuShares: 512,
            cpuQuotaUs: 50_000,
            cpuPeriodUs: 100_000,
            memoryLimitBytes: 64 * 1024 * 1024,
            pidsLimit: 50,
            hugepages: [{ pageSize: '2MB', limitBytes: 0 }],
          },
        },
      },
      'limited\n',
    ],
  ])('%s', async (_sentence, script, changes, output) => {
    const outcome = await runScript(runtime, script, changes);
    expect(outcome.output).toMatch(output instanceof RegExp ? output : new RegExp(`^${escaped(output)}$`));
  });

  it('mounts volumes read-only, recursively read-only, and in any order', async () => {
    const source = join(directory, 'data');
    const outcome = await runScript(
      runtime,
      'touch /data/a/x 2>&1; touch /data/below/x 2>&1; ls /data; grep " /data" /proc/mounts',
      {
        container: {
          mounts: [
            aMount({
              destination: '/data/below',
              source: join(source, 'below'),
              readonly: true,
              recursiveReadonly: true,
            }),
            aMount({ destination: '/data', source, options: ['noexec', 'nosuid'] }),
          ],
        },
      },
    );
    expect(outcome.output).toMatch(/below\/x: Read-only/);
    expect(outcome.output).toMatch(/ \/data \S+ rw,nosuid,noexec/);
    expect(outcome.output).toMatch(/ \/data\/below \S+ ro/);
  });

  it.each(['hostToContainer', 'bidirectional'] as const)(
    'mounts a volume with %s propagation',
    async (propagation) => {
      const outcome = await runScript(runtime, 'grep " /data " /proc/self/mountinfo', {
        container: { mounts: [aMount({ source: join(directory, 'data'), propagation })] },
      });
      expect(outcome).toMatchObject({ code: 0 });
      expect(outcome.output).toMatch(propagation === 'bidirectional' ? /shared:/ : / \/data /);
    },
  );

  it('runs a privileged container with all that the host has', async () => {
    const outcome = await runScript(
      runtime,
      'ls /dev/kmsg && touch /sys/fs/cgroup && grep -E "CapEff|Seccomp:" /proc/self/status; mount -t tmpfs none /tmp && echo mounted',
      {
        security: { ...confined, privileged: true },
      },
    );
    expect(outcome.output).toMatch(/^\/dev\/kmsg\n/);
    expect(outcome.output).toMatch(/Seccomp:\s0\nmounted\n$/);
    expect(outcome.code).toBe(0);
  });

  it('gives a device of the host under another name', async () => {
    const outcome = await runScript(runtime, 'ls -l /dev/void; echo x > /dev/void && echo written', {
      container: { devices: [{ hostPath: '/dev/null', containerPath: '/dev/void', permissions: 'rw' }] },
    });
    expect(outcome.output).toMatch(/1,\s+3 .*\/dev\/void\nwritten/);
  });

  it('applies the edits of a CDI device', async () => {
    const cdi = join(directory, `cdi-${runtime}`);
    await mkdir(cdi);
    await writeFile(
      join(cdi, 'vendor.yaml'),
      `cdiVersion: "0.6.0"
kind: vendor.com/device
devices:
  - name: one
    containerEdits:
      env: [DEVICE=one]
      deviceNodes: [{ path: /dev/vendor0, hostPath: /dev/zero }]
      mounts: [{ hostPath: ${directory}/data, containerPath: /opt/vendor, options: [ro, bind] }]
      hooks: [{ hookName: createRuntime, path: /bin/true }]
`,
    );
    const edits = await new CdiRegistry({ directories: [cdi] }).resolve(['vendor.com/device=one']);
    const outcome = await runScript(runtime, 'echo $DEVICE; ls -l /dev/vendor0; ls /opt/vendor', {
      ...(edits ? { cdi: edits } : {}),
    });
    expect(outcome.output).toMatch(/^one\n.*1,\s+5 .*\/dev\/vendor0\nbelow/);
  });

  it.each(['new', 'host'] as const)('runs in a user namespace with the network %s', async (network) => {
    const mapped = join(directory, `mapped-${runtime}-${network}`);
    await execute('cp', ['-a', rootfs, mapped]);
    await execute('chown', ['-R', '100000:100000', mapped]);
    await chown(mapped, 100_000, 100_000);
    const ids = [{ containerId: 0, hostId: 100_000, length: 65_536 }];
    const outcome = await runScript(
      runtime,
      'id -u; cat /proc/self/uid_map; touch /mine && stat -c %u /mine',
      {
        container: { rootfs: mapped },
        sandbox: {
          directory: join(directory, 'pod'),
          namespaces: { network: 'pod', ipc: 'pod', pid: 'container', user: { uids: ids, gids: ids } },
        },
        namespaces: { user: 'new', network },
        security: confined,
      },
    );
    expect(outcome.output).toMatch(/^0\n\s+0\s+100000\s+65536\n0\n$/);
  });

  it('joins the namespaces of a pod, its user namespace among them', async () => {
    const mapped = join(directory, `joined-${runtime}`);
    await execute('cp', ['-a', rootfs, mapped]);
    await execute('chown', ['-R', '100000:100000', mapped]);
    await using pod = await startPod();
    const path = (kind: string) => ({ path: `/proc/${String(pod.pid)}/ns/${kind}` });
    const ids = [{ containerId: 0, hostId: 100_000, length: 65_536 }];
    const script = 'for n in user net ipc uts; do readlink /proc/self/ns/$n; done; id -u; touch /sys/x 2>&1';
    const outcome = await runScript(runtime, script, {
      container: { rootfs: mapped },
      sandbox: {
        directory: join(directory, 'pod'),
        namespaces: { network: 'pod', ipc: 'pod', pid: 'container', user: { uids: ids, gids: ids } },
      },
      namespaces: {
        user: path('user'),
        network: path('net'),
        ipc: path('ipc'),
        uts: path('uts'),
      },
      security: confined,
    });
    const links = await Promise.all(['user', 'net', 'ipc', 'uts'].map((kind) => readlink(path(kind).path)));
    expect(outcome.output).toMatch(new RegExp(`^${escaped(links.join('\n'))}\n0\n.*Read-only`));
  });

  // runc maps the ids of mounts since 1.2, and passes over the wish silently before.
  it.runIf(runtime === 'crun')('maps the ids of a volume into a user namespace', async () => {
    const mapped = join(directory, `idmap-${runtime}`);
    await execute('cp', ['-a', rootfs, mapped]);
    await execute('chown', ['-R', '100000:100000', mapped]);
    const ids = [{ containerId: 0, hostId: 100_000, length: 65_536 }];
    const outcome = await runScript(runtime, 'stat -c %u:%g /data; touch /data/mine', {
      container: {
        rootfs: mapped,
        mounts: [aMount({ source: join(directory, 'data'), uidMappings: ids, gidMappings: ids })],
      },
      sandbox: {
        directory: join(directory, 'pod'),
        namespaces: { network: 'pod', ipc: 'pod', pid: 'container', user: { uids: ids, gids: ids } },
      },
      namespaces: { user: 'new' },
    });
    expect(outcome).toEqual({ code: 0, output: '0:0\n' });
    expect((await stat(join(directory, 'data/mine'))).uid).toBe(0);
  });
});

/** A process that holds a user namespace and what it owns, as a pod's pinned ones would be. */
async function startPod(): Promise<{ readonly pid: number } & AsyncDisposable> {
  const child = spawn('unshare', ['-U', '-n', '-i', '-u', 'sleep', '60'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const pid = child.pid as number;
  await vi.waitFor(async () => expect(await readFile(`/proc/${String(pid)}/comm`, 'utf8')).toBe('sleep\n'));
  for (const kind of ['uid', 'gid']) {
    await writeFile(`/proc/${String(pid)}/${kind}_map`, '0 100000 65536\n');
  }
  return {
    pid,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
