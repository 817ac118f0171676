import type { Mount, Rlimit, SeccompProfile } from '@crihub/contract';
import {
  type Container as WireContainer,
  Container,
  ContainerState,
  type Mount as WireMount,
  type SecurityProfile,
  SecurityProfile_ProfileType,
} from '@crihub/wire/nri';
import type { ContainerView } from '../model.ts';
import { renderResources } from './resources.ts';

const STATES = {
  unknown: ContainerState.CONTAINER_UNKNOWN,
  created: ContainerState.CONTAINER_CREATED,
  running: ContainerState.CONTAINER_RUNNING,
  stopped: ContainerState.CONTAINER_STOPPED,
} as const;

const SECCOMP = {
  runtimeDefault: SecurityProfile_ProfileType.RUNTIME_DEFAULT,
  unconfined: SecurityProfile_ProfileType.UNCONFINED,
  localhost: SecurityProfile_ProfileType.LOCALHOST,
} as const;

const PROPAGATION = { private: 'rprivate', hostToContainer: 'rslave', bidirectional: 'rshared' } as const;

export function renderContainer(view: ContainerView): WireContainer {
  const { container, state, resources, createdAt, startedAt, end, pid, cgroup } = view;
  const { uid, gid, additionalGids } = container.process.user;
  return Container.create({
    id: container.id,
    podSandboxId: container.sandboxId,
    name: container.metadata.name,
    state: STATES[state],
    labels: { ...container.labels },
    annotations: { ...container.annotations },
    args: [...container.process.args],
    env: [...container.process.env],
    mounts: container.mounts.map(renderMount),
    CDIDevices: container.cdiDevices.map((name) => ({ name })),
    rlimits: (container.process.rlimits ?? []).map(renderRlimit),
    user: { uid, gid, additionalGids: [...additionalGids] },
    image: { name: container.imageRef, configDigest: container.imageId },
    pid: pid ?? 0,
    createdAt,
    startedAt: startedAt ?? 0n,
    finishedAt: end?.finishedAt ?? 0n,
    exitCode: end?.exitCode ?? 0,
    statusReason: end?.reason ?? '',
    statusMessage: end?.message ?? '',
    linux: {
      devices: container.devices.map(({ containerPath }) => ({ path: containerPath })),
      resources: renderResources(resources),
      oomScoreAdj: resources.oomScoreAdj === undefined ? undefined : { value: BigInt(resources.oomScoreAdj) },
      cgroupsPath: cgroup ?? '',
      seccompProfile: renderSeccomp(container.security.seccomp),
    },
  });
}

const RLIM_INFINITY = 2n ** 64n - 1n;
const wireLimit = (value: number): bigint => (value === -1 ? RLIM_INFINITY : BigInt(value));
const renderRlimit = ({ type, soft, hard }: Rlimit): { type: string; soft: bigint; hard: bigint } => ({
  type,
  soft: wireLimit(soft),
  hard: wireLimit(hard),
});

const renderSeccomp = (profile: SeccompProfile): SecurityProfile => ({
  profileType: SECCOMP[profile.type],
  localhostRef: profile.type === 'localhost' ? profile.path : '',
});

const renderMount = (mount: Mount): WireMount => ({
  destination: mount.destination,
  source: mount.source,
  type: 'bind',
  options: [
    'rbind',
    PROPAGATION[mount.propagation],
    mount.recursiveReadonly ? 'rro' : mount.readonly ? 'ro' : 'rw',
    ...mount.options,
  ],
});
