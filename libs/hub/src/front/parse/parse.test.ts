import { kindOf } from '@crihub/kernel';
import {
  ContainerConfig,
  MountPropagation,
  NamespaceMode,
  PodSandboxConfig,
  SecurityProfile_ProfileType as ProfileType,
  Signal,
} from '@crihub/wire/cri';
import { describe, expect, it } from 'vitest';
import { parseContainer } from './container.ts';
import { parseSandbox } from './sandbox.ts';

type PodChanges = Parameters<typeof PodSandboxConfig.fromPartial>[0];
type ContainerChanges = Parameters<typeof ContainerConfig.fromPartial>[0];

const metadata = { name: 'pod', namespace: 'default', uid: 'u', attempt: 0 };
const pod = (changes: PodChanges = {}): PodSandboxConfig =>
  PodSandboxConfig.fromPartial({ metadata, ...changes });
const container = (changes: ContainerChanges = {}): ContainerConfig =>
  ContainerConfig.fromPartial({ metadata: { name: 'main' }, image: { image: 'app' }, ...changes });

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return `${kindOf(error)}: ${(error as Error).message}`;
  }
  return 'accepted';
}

describe('a pod request', () => {
  it('gets the defaults of the CRI', () => {
    const { sandbox, hostPorts, dns, logDirectory } = parseSandbox(pod());
    expect(sandbox.namespaces).toEqual({ network: 'pod', ipc: 'pod', pid: 'pod' });
    expect(sandbox.security).toMatchObject({ privileged: false, seccomp: { type: 'unconfined' } });
    expect([hostPorts, dns, logDirectory]).toEqual([[], undefined, '']);
  });

  it('keeps user namespace mappings', () => {
    const ids = [{ hostId: 100_000, containerId: 0, length: 65_536 }];
    const options = { usernsOptions: { mode: NamespaceMode.POD, uids: ids, gids: ids } };
    const { sandbox } = parseSandbox(pod({ linux: { securityContext: { namespaceOptions: options } } }));
    expect(sandbox.namespaces.user).toEqual({ uids: ids, gids: ids });
  });

  it('drops port mappings without a host port', () => {
    const { hostPorts } = parseSandbox(
      pod({ portMappings: [{ containerPort: 80 }, { containerPort: 81, hostPort: 8081 }] }),
    );
    expect(hostPorts).toEqual([{ protocol: 'tcp', containerPort: 81, hostPort: 8081, hostIp: '' }]);
  });

  it.each<[string, PodChanges, RegExp]>([
    ['no name', { metadata: { ...metadata, name: '' } }, /metadata.name is missing/],
    ['no namespace', { metadata: { ...metadata, namespace: '' } }, /metadata.namespace is missing/],
    ['no uid', { metadata: { ...metadata, uid: '' } }, /metadata.uid is missing/],
    ['a relative log directory', { logDirectory: 'logs' }, /log_directory is 'logs'; an absolute path/],
    ['a log directory that climbs', { logDirectory: '/var/../etc' }, /'\.\.' is not allowed/],
    ['a cgroup parent that climbs', { linux: { cgroupParent: '/a/../..' } }, /cgroup_parent/],
    [
      'a port that is none',
      { portMappings: [{ containerPort: 70_000, hostPort: 1 }] },
      /container_port 70000/,
    ],
    [
      'a sysctl of the node',
      { linux: { sysctls: { 'vm.swappiness': '1' } } },
      /vm.swappiness is not namespaced/,
    ],
    ['a sysctl with a path', { linux: { sysctls: { '../x': '1' } } }, /no sysctl name/],
    [
      "a network sysctl on the node's network",
      {
        linux: {
          sysctls: { 'net.ipv4.ip_forward': '1' },
          securityContext: { namespaceOptions: { network: NamespaceMode.NODE } },
        },
      },
      /the pod uses the node's network/,
    ],
    [
      'a user namespace without mappings',
      { linux: { securityContext: { namespaceOptions: { usernsOptions: { mode: NamespaceMode.POD } } } } },
      /has 0 mappings; one is needed/,
    ],
    [
      'a target for a whole pod',
      { linux: { securityContext: { namespaceOptions: { pid: NamespaceMode.TARGET } } } },
      /POD, CONTAINER or NODE, not TARGET/,
    ],
  ])('is refused with %s', (_case, changes, message) => {
    const answer = refusal(() => parseSandbox(pod(changes)));
    expect(answer).toMatch(/^InvalidArgument/);
    expect(answer).toMatch(message);
  });
});

describe('a container request', () => {
  it.each<[Signal, string | undefined]>([
    [Signal.SIGNAL_RUNTIME_DEFAULT, undefined],
    [Signal.SIGNAL_SIGUSR1, 'SIGUSR1'],
    [Signal.SIGNAL_SIGRTMINPLUS3, 'SIGRTMIN+3'],
    [Signal.SIGNAL_SIGRTMAXMINUS14, 'SIGRTMAX-14'],
  ])('names stop signal %s as %s', (stopSignal, name) => {
    expect(parseContainer(container({ stopSignal })).stopSignal).toBe(name);
  });

  it('takes capabilities with and without prefix', () => {
    const capabilities = { addCapabilities: ['CAP_SYS_TIME', 'net_admin'], dropCapabilities: ['ALL'] };
    const { security } = parseContainer(container({ linux: { securityContext: { capabilities } } }));
    expect(security.capabilities).toEqual({ add: ['SYS_TIME', 'NET_ADMIN'], drop: ['ALL'], addAmbient: [] });
  });

  it('leaves limits that are zero as they are', () => {
    const resources = { memoryLimitInBytes: 0n, cpuQuota: -1n, cpuShares: 2n };
    expect(parseContainer(container({ linux: { resources } })).resources).toEqual({
      cpuQuotaUs: -1,
      cpuShares: 2,
    });
  });

  it.each<[string, ContainerChanges, RegExp]>([
    ['no name', { metadata: { name: '' } }, /metadata.name is missing/],
    ['no image', { image: { image: '' } }, /image.image is missing/],
    ['an environment variable without a name', { envs: [{ key: 'A=B', value: Buffer.from('') }] }, /'A=B'/],
    [
      'an environment that is not UTF-8',
      { envs: [{ key: 'A', value: Buffer.from([0xff]) }] },
      /A is not valid UTF-8/,
    ],
    ['a log path that climbs', { logPath: '../x.log' }, /log_path is '\.\.\/x.log'/],
    [
      'a relative host path',
      { mounts: [{ containerPath: '/a', hostPath: 'b' }] },
      /an absolute path is needed/,
    ],
    ['a mount without a destination', { mounts: [{ hostPath: '/b' }] }, /container_path is missing/],
    [
      'a host path that climbs',
      { mounts: [{ containerPath: '/a', hostPath: '/b/../../c' }] },
      /'\.\.' is not allowed/,
    ],
    [
      'a recursive read-only mount that is writable',
      { mounts: [{ containerPath: '/a', hostPath: '/b', recursiveReadOnly: true }] },
      /recursive_read_only, but not readonly/,
    ],
    [
      'a recursive read-only mount that propagates',
      {
        mounts: [
          {
            containerPath: '/a',
            hostPath: '/b',
            readonly: true,
            recursiveReadOnly: true,
            propagation: MountPropagation.PROPAGATION_BIDIRECTIONAL,
          },
        ],
      },
      /its propagation must be PRIVATE/,
    ],
    [
      'an unknown mount option',
      { mounts: [{ containerPath: '/a', hostPath: '/b', mountOptions: ['exec'] }] },
      /option 'exec'/,
    ],
    [
      'an image volume whose sub-path climbs',
      { mounts: [{ containerPath: '/a', readonly: true, image: { image: 'x' }, imageSubPath: '../b' }] },
      /image_sub_path/,
    ],
    [
      'an image volume to write to',
      { mounts: [{ containerPath: '/a', image: { image: 'x' } }] },
      /mount at \/a is of an image: it must be readonly/,
    ],
    [
      'device permissions that are none',
      { devices: [{ hostPath: '/dev/x', permissions: 'rx' }] },
      /letters of r, w, m/,
    ],
    ['an oom score out of range', { linux: { resources: { oomScoreAdj: 2000n } } }, /from -1000 to 1000/],
    [
      'a memory limit beyond any machine',
      { linux: { resources: { memoryLimitInBytes: 2n ** 60n } } },
      /beyond/,
    ],
    [
      'a capability that is none',
      { linux: { securityContext: { capabilities: { addCapabilities: ['a b'] } } } },
      /no capability/,
    ],
    [
      'a group without a user',
      { linux: { securityContext: { runAsGroup: { value: 5n } } } },
      /run_as_group is set/,
    ],
    [
      'a user id out of range',
      { linux: { securityContext: { runAsUser: { value: -1n } } } },
      /from 0 to 4294967294/,
    ],
    [
      'a relative seccomp profile',
      {
        linux: {
          securityContext: { seccomp: { profileType: ProfileType.Localhost, localhostRef: 'p.json' } },
        },
      },
      /absolute path/,
    ],
    [
      'a target that is no container id',
      { linux: { securityContext: { namespaceOptions: { pid: NamespaceMode.TARGET, targetId: 'abc' } } } },
      /'abc', no container id/,
    ],
  ])('is refused with %s', (_case, changes, message) => {
    const answer = refusal(() => parseContainer(container(changes)));
    expect(answer).toMatch(/^InvalidArgument/);
    expect(answer).toMatch(message);
  });
});
