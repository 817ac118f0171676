import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '@crihub/config';
import { CAPABILITY_NAMES, type CgroupLayout, parseKernelVersion } from '@crihub/linux';
import { judgeSocketMode } from './checks/daemon.ts';
import { judgeSpace } from './checks/disk.ts';
import { checkEngines } from './checks/engines.ts';
import { judgeTrials } from './checks/features.ts';
import { checkGuests } from './checks/guests.ts';
import { judgeCgroups, judgeKernel } from './checks/kernel.ts';
import { judgeKvm } from './checks/kvm.ts';
import { neededPrograms } from './checks/needed-programs.ts';
import { checkNetwork } from './checks/network.ts';
import { judgeCapabilities, judgeSecurityModules } from './checks/privileges.ts';
import { checkPrograms } from './checks/programs.ts';
import { summary } from './doctor.ts';
import { examine } from './examine.ts';
import { error, type Finding, ok, warning } from './finding.ts';

const levels = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ check, level }) => `${check} ${level}`);
const signal = AbortSignal.timeout(20_000);

it.each([
  ['4.19.0-1', 'error'],
  ['5.4.0', 'warning'],
  ['5.19.1', 'ok'],
  ['6.12.3-cloud', 'ok'],
])('Linux %s is %s', (release, level) => {
  expect(judgeKernel(parseKernelVersion(release)).level).toBe(level);
});

describe('cgroups', () => {
  const all = ['cpu', 'memory', 'pids', 'cpuset'];
  const v1 = (controllers: readonly string[], unified?: string): CgroupLayout => ({
    version: 'v1',
    hierarchies: controllers.map((name) => ({ root: `/sys/fs/cgroup/${name}`, controllers: [name] })),
    unified,
  });

  it.each<[string, CgroupLayout, readonly string[], readonly string[]]>([
    ['version 2', { version: 'v2', root: '/r', controllers: all }, [], ['ok']],
    [
      'version 2 without memory',
      { version: 'v2', root: '/r', controllers: ['cpu', 'pids', 'cpuset'] },
      [],
      ['ok', 'error'],
    ],
    ['version 1', v1(all), [], ['warning']],
    ['hybrid, with all of version 1', v1(all, '/u'), [], ['warning']],
    ['hybrid, with a controller taken', v1(all, '/u'), ['hugetlb'], ['warning', 'warning']],
  ])('of %s', (_sentence, layout, unified, expected) => {
    expect(judgeCgroups(layout, unified).map(({ level }) => level)).toEqual(expected);
  });
});

describe('capabilities', () => {
  const LAST = 40;
  const without = (...names: readonly string[]): ReadonlySet<string> =>
    new Set(CAPABILITY_NAMES.filter((name) => !names.includes(name)));

  it.each<[string, ReadonlySet<string>, ReadonlySet<string>, readonly string[]]>([
    ['all are well', without(), without(), ['ok: all 41 of the kernel']],
    [
      'one that lacks is named',
      without('CAP_SYS_RESOURCE'),
      without(),
      ['warning: CAP_SYS_RESOURCE is missing'],
    ],
    ['one that programs can not get too', without(), without('CAP_BPF'), ['warning: CAP_BPF is missing']],
    [
      'one that pods need is an error',
      without('CAP_SYS_ADMIN'),
      without(),
      ['error: CAP_SYS_ADMIN is missing'],
    ],
  ])('%s', (_sentence, effective, bounding, expected) => {
    const findings = judgeCapabilities({ effective, bounding }, LAST, 0);
    expect(findings.map(({ level, message }) => `${level}: ${message}`)).toEqual(expected);
  });

  it('of an older kernel are complete without the newer ones', () => {
    const effective = without('CAP_CHECKPOINT_RESTORE');
    expect(levels(judgeCapabilities({ effective, bounding: effective }, 39, 0))).toEqual(['capabilities ok']);
  });

  it('of somebody else than root say nothing about the daemon', () => {
    const none = new Set<string>();
    expect(judgeCapabilities({ effective: none, bounding: none }, LAST, 1000)).toMatchObject([
      { level: 'warning', advice: 'run crihub doctor as root' },
    ]);
  });
});

it.each([
  [{ seccomp: true, appArmor: true, selinux: 'disabled' }, ['seccomp ok', 'apparmor ok', 'selinux ok']],
  [
    { seccomp: false, appArmor: false, selinux: 'permissive' },
    ['seccomp error', 'apparmor warning', 'selinux warning'],
  ],
] as const)('security modules %o', (modules, expected) => {
  expect(levels(judgeSecurityModules(modules))).toEqual(expected);
});

it('a feature that was refused is told with the reason, and with what pods lack', () => {
  const usable = { usable: true } as const;
  const refused = { usable: false, reason: 'EPERM' } as const;
  const findings = judgeTrials({
    userNamespaces: refused,
    idmappedMounts: usable,
    recursiveReadOnlyMounts: usable,
  });
  expect(levels(findings)).toEqual([
    'user namespaces warning',
    'idmapped mounts ok',
    'recursive read-only mounts ok',
  ]);
  expect(findings[0]).toMatchObject({
    message: expect.stringContaining('EPERM') as string,
    advice: expect.stringContaining('hostUsers: false') as string,
  });
});

it.each<[Parameters<typeof judgeKvm>[0], string, string]>([
  [undefined, 'warning', 'there is no /dev/kvm'],
  [{ usable: false, reason: 'EACCES' }, 'warning', 'not usable: EACCES'],
  [{ usable: true }, 'ok', 'runs machine code'],
])('KVM that was tried with %o is a %s', (trial, level, words) => {
  expect(judgeKvm(trial)).toMatchObject({ level, message: expect.stringContaining(words) as string });
});

it('an engine that is away is an error for its handler, and says what to do', async () => {
  const config = parseConfig(
    'handlers: { runc: { backend: runc }, d: { backend: docker, socket: /no/d.sock }, c: { backend: containerd, socketPath: /no/c.sock } }',
    'test',
  );
  const findings = await checkEngines(config, signal);
  expect(levels(findings)).toEqual(['engine of d error', 'engine of c error']);
  expect(findings[0]?.advice).toContain('systemctl start docker, or set handlers.d.socket');
});

it.each<[string, Partial<Parameters<typeof judgeSpace>[1]>, readonly string[]]>([
  ['enough', {}, ['ok', 'ok']],
  ['less than the kubelet wants', { freeBytes: 14 }, ['warning', 'ok']],
  ['hardly any', { freeBytes: 4 }, ['error', 'ok']],
  ['no inodes left', { freeInodes: 1 }, ['ok', 'error']],
  ['a file system without inodes', { inodes: 0, freeInodes: 0 }, ['ok']],
  ['overlayfs', { type: 0x794c7630 }, ['ok', 'ok', 'error']],
  ['memory', { type: 0x01021994 }, ['ok', 'ok', 'warning']],
])('space: %s', (_sentence, space, expected) => {
  const findings = judgeSpace('/state', {
    type: 1,
    bytes: 100,
    freeBytes: 50,
    inodes: 100,
    freeInodes: 50,
    ...space,
  });
  expect(findings.map(({ level }) => level)).toEqual(expected);
});

it.each([
  [0o140600, 'ok'],
  [0o140660, 'ok'],
  [0o140666, 'error'],
])('a socket of mode %o is %s', (mode, level) => {
  expect(judgeSocketMode('/s', mode).level).toBe(level);
});

describe('programs', () => {
  it('are those of the configured handlers', () => {
    const config = parseConfig(
      '{handlers: {a: {backend: runc, runtime: crun, conmonPath: /opt/conmon}, b: {backend: docker}, c: {backend: kata}}, defaultHandler: a}',
      'test',
    );
    const expected = ['crun error', '/opt/conmon error', 'catatonit warning', 'qemu-system-x86_64 error'];
    expect(neededPrograms(config).map(({ name, level }) => `${name} ${level}`)).toEqual([
      ...expected,
      'iptables warning',
    ]);
  });

  it('of guests are a kernel and a root, for each handler that boots them', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'crihub-doctor-guest-'));
    const config = parseConfig(
      `{handlers: {r: {backend: runc}, k: {backend: kata, guestDirectory: ${directory}}}, defaultHandler: r}`,
      'test',
    );
    await writeFile(join(directory, 'vmlinux'), '');
    expect(await checkGuests(config)).toMatchObject([
      { check: 'guest of k', level: 'error', advice: expect.stringContaining('npm run guest') as string },
    ]);
    await writeFile(join(directory, 'initramfs'), '');
    expect(levels(await checkGuests(config))).toEqual(['guest of k ok']);
    await rm(directory, { recursive: true });
  });

  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crihub-doctor-test-'));
    const script = (name: string, body: string): Promise<void> =>
      writeFile(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    await Promise.all([
      script('well', 'echo well version 1.2; echo more'),
      script('broken', 'echo library missing >&2; exit 127'),
      script('bridge', 'echo "CNI protocol versions supported: 0.4.0, 1.0.0" >&2'),
      writeFile(join(folder, 'plain'), 'text'),
    ]);
  });
  afterAll(async () => await rm(folder, { recursive: true }));

  it.each([
    ['that runs', 'well', 'ok', 'well version 1.2'],
    ['that fails', 'broken', 'error', 'exit code 127: library missing'],
    ['that is not there', 'none', 'error', 'not found'],
    ['that is no program', 'plain', 'error', 'not found'],
  ])('one %s', async (_sentence, name, level, words) => {
    const program = { name: join(folder, name), level: 'error', advice: 'install it' } as const;
    const [finding] = await checkPrograms([program], signal);
    expect(finding).toMatchObject({ level, message: expect.stringContaining(words) as string });
  });

  it('of the network are those that the list names', async () => {
    const directory = join(folder, 'net.d');
    const config = parseConfig(
      JSON.stringify({ network: { confDirectory: directory, binDirectories: [folder] } }),
      'test',
    );
    expect(levels(await checkNetwork(config, signal))).toEqual(['network error']);
    const list = { cniVersion: '1.0.0', name: 'pods', plugins: [{ type: 'bridge' }, { type: 'portmap' }] };
    await writeList(directory, list);
    const findings = await checkNetwork(config, signal);
    expect(levels(findings)).toEqual([
      'network ok',
      'network warning',
      'network plugin bridge ok',
      'network plugin portmap error',
    ]);
    expect(findings[2]?.message).toContain('CNI 1.0.0');
  });
});

async function writeList(directory: string, list: object): Promise<void> {
  await mkdir(directory);
  await writeFile(join(directory, '10-pods.conflist'), JSON.stringify(list));
  await writeFile(join(directory, '20-bad.conflist'), '{');
}

describe('the examination', () => {
  it('goes on when a check fails or hangs', async () => {
    const findings = await examine(
      [
        { name: 'fails', run: async () => Promise.reject(new Error('oops')) },
        {
          name: 'hangs',
          run: async (stop) =>
            await new Promise((_resolve, reject) =>
              stop.addEventListener('abort', () => reject(new Error('aborted'))),
            ),
        },
        { name: 'works', run: async () => [ok('works', 'well')] },
      ],
      50,
    );
    expect(levels(findings)).toEqual(['fails error', 'hangs error', 'works ok']);
    expect(findings[0]?.message).toContain('oops');
    expect(findings[1]?.message).toContain('took longer than 50 ms');
  });

  it.each<[readonly Finding[], string]>([
    [[ok('a', 'b')], 'all is well'],
    [[warning('a', 'b', 'c')], '1 warning, no error'],
    [[error('a', 'b', 'c'), error('a', 'b', 'c')], '2 errors and 0 warnings: pods will fail here'],
  ])('is summed up', (findings, text) => {
    expect(summary(findings)).toBe(text);
  });
});
