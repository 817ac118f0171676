import type { Container, ContainerExit, Resources, WritableLayer } from '@crihub/contract';
import type { ContainerId, SandboxId } from '@crihub/kernel';
import type { MountRequest } from '../front/parse/mounts.ts';

/** `creating` and `removing` are intents, as for pods. `unknown`: it can't be learnt what it does. */
export type ContainerPhase = 'creating' | 'created' | 'running' | 'exited' | 'unknown' | 'removing';

/** How a container came to its end; times in nanoseconds since 1970. */
export interface ContainerEnd {
  readonly finishedAt: bigint;
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, `ContainerCannotRun`. */
  readonly reason: string;
  readonly message: string;
}

/** What the hub knows of a container. Immutable: a change makes a new value. */
export interface ContainerRecord {
  readonly id: ContainerId;
  readonly sandboxId: SandboxId;
  readonly phase: ContainerPhase;
  readonly container: Container;
  /** Annotations as asked for, if plugins have changed those of the container. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** With phase `removing`: the kubelet knew it, and is to hear that it is gone. */
  readonly listed?: boolean;
  /** Mounts as asked for, which is how the kubelet wants them back. */
  readonly mounts: readonly MountRequest[];
  /** The image's repository digest, or its id if it has none. */
  readonly imageRef: string;
  readonly fingerprint: string;
  /** Limits now in force. */
  readonly resources: Resources;
  readonly createdAt: bigint;
  readonly startedAt?: bigint;
  readonly end?: ContainerEnd;
  readonly pid?: number;
  readonly cgroup?: string;
  /** Where it is not the hub's own. */
  readonly writableLayer?: WritableLayer;
}

export const isVisibleContainer = ({ phase }: ContainerRecord): boolean =>
  phase !== 'creating' && phase !== 'removing';

/** One container of one name and attempt exists at most once in a pod. */
export const containerKey = (sandboxId: SandboxId, { name, attempt }: Container['metadata']): string =>
  [sandboxId, name, String(attempt)].join('/');

/** What the exit of its first process says of a container's end. */
export const endOfExit = ({ exitCode, finishedAt, oomKilled }: ContainerExit): ContainerEnd => ({
  finishedAt,
  exitCode,
  reason: oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error',
  message: '',
});
