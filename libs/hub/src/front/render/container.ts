import type { MountPropagation } from '@crihub/contract';
import {
  type Container,
  ContainerState,
  type ContainerStatus,
  type ImageSpec,
  type Mount,
  MountPropagation as Propagation,
  Signal,
} from '@crihub/wire/cri';
import type { ContainerPhase, ContainerRecord } from '../../records/container-record.ts';
import type { MountRequest } from '../parse/mounts.ts';
import { renderResources } from './resources.ts';

const STATES: Readonly<Record<ContainerPhase, ContainerState>> = {
  creating: ContainerState.CONTAINER_CREATED,
  created: ContainerState.CONTAINER_CREATED,
  running: ContainerState.CONTAINER_RUNNING,
  exited: ContainerState.CONTAINER_EXITED,
  removing: ContainerState.CONTAINER_EXITED,
  unknown: ContainerState.CONTAINER_UNKNOWN,
};

const PROPAGATIONS: Readonly<Record<MountPropagation, Propagation>> = {
  private: Propagation.PROPAGATION_PRIVATE,
  hostToContainer: Propagation.PROPAGATION_HOST_TO_CONTAINER,
  bidirectional: Propagation.PROPAGATION_BIDIRECTIONAL,
};

export const containerState = ({ phase }: ContainerRecord): ContainerState => STATES[phase];

/** A container as ListContainers shows it. */
export const renderContainer = (record: ContainerRecord): Container => ({
  id: record.id,
  podSandboxId: record.sandboxId,
  metadata: record.container.metadata,
  image: imageSpec(record.container.imageRef),
  imageRef: record.imageRef,
  imageId: record.container.imageId,
  state: containerState(record),
  createdAt: record.createdAt,
  labels: { ...record.container.labels },
  annotations: { ...(record.annotations ?? record.container.annotations) },
});

/** A container as ContainerStatus shows it. */
export function renderContainerStatus(record: ContainerRecord, image: ImageOf): ContainerStatus {
  const { container, end } = record;
  const { uid, gid, additionalGids } = container.process.user;
  return {
    id: record.id,
    metadata: container.metadata,
    state: containerState(record),
    createdAt: record.createdAt,
    startedAt: record.startedAt ?? 0n,
    finishedAt: end?.finishedAt ?? 0n,
    exitCode: end?.exitCode ?? 0,
    reason: end?.reason ?? '',
    message: end?.message ?? '',
    image: imageSpec(container.imageRef),
    imageRef: record.imageRef,
    imageId: container.imageId,
    labels: { ...container.labels },
    annotations: { ...(record.annotations ?? container.annotations) },
    mounts: record.mounts.map((mount) => renderMount(mount, image)),
    logPath: container.logPath,
    resources: { linux: renderResources(record.resources), windows: undefined },
    user: {
      linux: {
        uid: BigInt(uid),
        gid: BigInt(gid),
        supplementalGroups: [gid, ...additionalGids.filter((group) => group !== gid)].map(BigInt),
      },
    },
    stopSignal: renderSignal(container.stopSignal),
  };
}

/** The id of the image that a reference names on this node. */
export type ImageOf = (reference: string) => string | undefined;

function renderMount(mount: MountRequest, imageOf: ImageOf): Mount {
  const source =
    'image' in mount
      ? { hostPath: '', image: mount.image, subPath: mount.subPath }
      : { ...mount, subPath: '' };
  return {
    containerPath: mount.destination,
    hostPath: source.hostPath,
    readonly: mount.readonly,
    recursiveReadOnly: mount.recursiveReadonly,
    selinuxRelabel: mount.selinuxRelabel,
    propagation: PROPAGATIONS[mount.propagation],
    uidMappings: [...mount.uidMappings],
    gidMappings: [...mount.gidMappings],
    image:
      'image' in source ? { ...imageSpec(source.image), imageRef: imageOf(source.image) ?? '' } : undefined,
    imageSubPath: source.subPath,
    mountOptions: [...mount.options],
  };
}

export const imageSpec = (image: string): ImageSpec => ({
  image,
  annotations: {},
  userSpecifiedImage: image,
  runtimeHandler: '',
  imageRef: '',
});

/** SIGNAL_SIGRTMINPLUS3 for `SIGRTMIN+3`; a bare number has no name on the wire. */
function renderSignal(name: string): Signal {
  const key = `SIGNAL_${name.replace('MIN+', 'MINPLUS').replace('MAX-', 'MAXMINUS')}`;
  return (Signal as Readonly<Record<string, Signal | undefined>>)[key] ?? Signal.SIGNAL_RUNTIME_DEFAULT;
}
