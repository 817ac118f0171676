import { describe, expect, it } from 'vitest';
import type { OciSpec } from '../oci-spec.ts';
import { type InputChanges, specInput } from '../testing/spec-fixture.ts';
import { buildSpec } from './build-spec.ts';
import { ALL_CAPABILITIES } from './capabilities.ts';
import { execProcess } from './process.ts';

const build = (changes: InputChanges = {}): OciSpec => buildSpec(specInput(changes));
const seccomp = { defaultAction: 'SCMP_ACT_ERRNO' };
const nobody = { uid: 65_534, gid: 65_534, additionalGids: [65_534, 7] };
const ids = [{ containerId: 0, hostId: 100_000, length: 65_536 }];
const userPod = { network: 'pod', ipc: 'pod', pid: 'container', user: { uids: ids, gids: ids } } as const;
const withoutResource = ALL_CAPABILITIES.filter((name) => name !== 'CAP_SYS_RESOURCE');

describe('buildSpec', () => {
  it.each<[sentence: string, changes: InputChanges, expected: object]>([
    ['names the root filesystem', {}, { root: { path: '/rootfs', readonly: false } }],
    ['makes it read-only', { security: { readonlyRootfs: true } }, { root: { readonly: true } }],
    [
      'passes the process on',
      { process: { args: ['/a', 'b'], env: ['A=b'], cwd: '/w', terminal: true, user: nobody } },
      { process: { args: ['/a', 'b'], env: ['A=b'], cwd: '/w', terminal: true, user: nobody } },
    ],
    [
      'forbids new privileges',
      { security: { noNewPrivileges: true } },
      { process: { noNewPrivileges: true } },
    ],
    ['protects paths', {}, { linux: { maskedPaths: ['/proc/kcore'], readonlyPaths: ['/proc/sys'] } }],
    [
      'protects nothing from a privileged container',
      { security: { privileged: true } },
      { linux: { maskedPaths: [], readonlyPaths: [] } },
    ],
    ['places the container in its cgroup', {}, { linux: { cgroupsPath: '/kubepods/pod1/c1' } }],
    ['filters system calls', { seccomp }, { linux: { seccomp } }],
    ['takes an oom_score_adj of 0 for none', {}, { process: { oomScoreAdj: 0 } }],
    [
      'passes an oom_score_adj on',
      { container: { resources: { oomScoreAdj: -997 } } },
      { process: { oomScoreAdj: -997 } },
    ],
    [
      'raises an oom_score_adj that the host can not give',
      { container: { resources: { oomScoreAdj: -997 } }, host: { minOomScoreAdj: -500 } },
      { process: { oomScoreAdj: -500 } },
    ],
    [
      'raises also one that nobody asked for',
      { host: { minOomScoreAdj: 100 } },
      { process: { oomScoreAdj: 100 } },
    ],
    [
      'clamps limits to what the host allows without CAP_SYS_RESOURCE',
      {
        rlimits: [
          { type: 'RLIMIT_NOFILE', soft: 5000, hard: 2n ** 64n - 1n },
          { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
        ],
        host: { hardRlimits: { RLIMIT_NOFILE: 4096 }, capabilities: withoutResource },
      },
      {
        process: {
          rlimits: [
            { type: 'RLIMIT_NOFILE', soft: 4096, hard: 4096 },
            { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
          ],
        },
      },
    ],
    [
      'takes a limit of the container in place of one of its handler',
      {
        process: { rlimits: [{ type: 'RLIMIT_CORE', soft: 1, hard: -1 }] },
        rlimits: [
          { type: 'RLIMIT_NOFILE', soft: 5, hard: 9 },
          { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
        ],
      },
      {
        process: {
          rlimits: [
            { type: 'RLIMIT_NOFILE', soft: 5, hard: 9 },
            { type: 'RLIMIT_CORE', soft: 1, hard: 2n ** 64n - 1n },
          ],
        },
      },
    ],
    [
      'leaves limits alone with CAP_SYS_RESOURCE',
      {
        rlimits: [{ type: 'RLIMIT_NOFILE', soft: 5000, hard: 9000 }],
        host: { hardRlimits: { RLIMIT_NOFILE: 4096 } },
      },
      { process: { rlimits: [{ type: 'RLIMIT_NOFILE', soft: 5000, hard: 9000 }] } },
    ],
    [
      'sets the hostname of a UTS namespace that it makes',
      { namespaces: { uts: 'new' } },
      { hostname: 'web' },
    ],
    [
      'maps the ids of a new user namespace',
      { namespaces: { user: 'new' }, sandbox: { namespaces: userPod } },
      { linux: { uidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }] } },
    ],
    [
      'maps them also when it joins one',
      { namespaces: { user: { path: '/u' } }, sandbox: { namespaces: userPod } },
      { linux: { gidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }] } },
    ],
    [
      'says who the container is',
      { annotations: { 'run.oci.x': '1', 'io.kubernetes.cri.container-type': 'sandbox' } },
      {
        annotations: {
          'run.oci.x': '1',
          'io.kubernetes.cri.container-type': 'container',
          'io.kubernetes.cri.container-name': 'app',
          'io.kubernetes.cri.image-name': 'registry.example/app:1',
          'io.kubernetes.cri.sandbox-name': 'web',
          'io.kubernetes.cri.sandbox-namespace': 'shop',
          'io.kubernetes.cri.sandbox-uid': 'u-1',
        },
      },
    ],
  ])('%s', (_sentence, changes, expected) => expect(build(changes)).toMatchObject(expected));

  it('joins, makes and leaves out namespaces', () => {
    const { namespaces } = build({ namespaces: { pid: 'host', cgroup: 'new' } }).linux;
    expect(namespaces).toEqual([
      { type: 'mount' },
      { type: 'network', path: '/run/netns/pod' },
      { type: 'ipc', path: '/run/crihub/pod/ipc' },
      { type: 'uts', path: '/run/crihub/pod/uts' },
      { type: 'cgroup' },
    ]);
  });

  it.each<[string, InputChanges, (spec: OciSpec) => unknown]>([
    [
      'a seccomp filter for a privileged container',
      { seccomp, security: { privileged: true } },
      (s) => s.linux.seccomp,
    ],
    [
      'a seccomp filter on a host without seccomp',
      { seccomp, host: { seccomp: false } },
      (s) => s.linux.seccomp,
    ],
    ['a hostname for a UTS namespace that it joins', {}, (s) => s.hostname],
    ['an empty hostname', { namespaces: { uts: 'new' }, sandbox: { hostname: '' } }, (s) => s.hostname],
    [
      "id mappings with the node's user namespace",
      { sandbox: { namespaces: userPod } },
      (s) => s.linux.uidMappings,
    ],
    ['hooks that nobody asked for', {}, (s) => s.hooks],
    [
      'annotations of the pod',
      { sandbox: { annotations: { 'run.oci.y': '1' } } },
      (s) => s.annotations['run.oci.y'],
    ],
  ])('does not write %s', (_sentence, changes, read) => expect(read(build(changes))).toBeUndefined());

  it('sets the sysctls of the namespaces that it makes, and no others', () => {
    const sysctls = {
      'net.core.somaxconn': '1',
      'kernel.shm_rmid_forced': '1',
      'kernel.msgmax': '2',
      'net/ipv4/x': '3',
    };
    const made = (namespaces: InputChanges['namespaces']) =>
      build({ sandbox: { sysctls }, ...(namespaces ? { namespaces } : {}) }).linux.sysctl;
    expect(made(undefined)).toEqual({});
    expect(made({ network: 'new' })).toEqual({ 'net.core.somaxconn': '1', 'net/ipv4/x': '3' });
    expect(made({ ipc: 'new' })).toEqual({ 'kernel.shm_rmid_forced': '1', 'kernel.msgmax': '2' });
  });

  it('is pure: the same input gives the same result, and stays as it was', () => {
    const input = specInput({ seccomp });
    const before = structuredClone(input);
    expect(buildSpec(input)).toEqual(buildSpec(input));
    expect(input).toEqual(before);
  });
});

describe('security labels', () => {
  const local = { apparmor: { type: 'localhost', name: 'strict' } } as const;
  const byDefault = { apparmor: { type: 'runtimeDefault' } } as const;

  it.each<[string, InputChanges, string | undefined]>([
    ['a profile of the node', { security: local }, 'strict'],
    [
      'a profile of the node for a privileged container',
      { security: { ...local, privileged: true } },
      'strict',
    ],
    ['the default profile', { security: byDefault }, 'crihub-default'],
    [
      'no default profile for a privileged container',
      { security: { ...byDefault, privileged: true } },
      undefined,
    ],
    ['no default profile without AppArmor', { security: byDefault, host: { apparmor: false } }, undefined],
    ['nothing if unconfined', {}, undefined],
  ])('AppArmor: %s', (_sentence, changes, profile) => {
    expect(build(changes).process.apparmorProfile).toBe(profile);
  });

  it('refuses a profile by name on a host without AppArmor', () => {
    expect(() => build({ security: local, host: { apparmor: false } })).toThrow(
      /"strict".*AppArmor is not enabled/,
    );
  });

  it('SELinux: fills in what is not given, with the categories of the pod', () => {
    const id = '0005000300'.padEnd(64, '0') as never;
    const spec = build({ sandbox: { id }, security: { selinux: { type: 'spc_t' } } });
    expect(spec.process.selinuxLabel).toBe('system_u:system_r:spc_t:s0:c3,c5');
    expect(spec.linux.mountLabel).toBe('system_u:object_r:container_file_t:s0:c3,c5');
  });

  it('SELinux: uses a level as given', () => {
    const spec = build({ security: { selinux: { level: 's0:c1,c2' } } });
    expect(spec.process.selinuxLabel).toBe('system_u:system_r:container_t:s0:c1,c2');
  });

  it.each<[string, InputChanges]>([
    ['on a host without it', { host: { selinux: false }, security: { selinux: { type: 't' } } }],
    ['for a privileged container that asks for none', { security: { privileged: true } }],
  ])('SELinux: no label %s', (_sentence, changes) => {
    const spec = build(changes);
    expect([spec.process.selinuxLabel, spec.linux.mountLabel]).toEqual([undefined, undefined]);
  });
});

it('an exec has all of the first process but what it runs', () => {
  const first = build({ process: { user: nobody, env: ['A=b'] } }).process;
  expect(execProcess(first, { args: ['ls'], terminal: true, stdin: false })).toEqual({
    ...first,
    args: ['ls'],
    terminal: true,
  });
});
