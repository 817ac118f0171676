import type { Container, Resources, Sandbox } from '@crihub/contract';
import type { ContainerId } from '@crihub/kernel';

/** A pod as plugins get to see it. */
export interface PodView {
  readonly sandbox: Sandbox;
  /** As the kubelet asked; empty for the default. */
  readonly runtimeHandler: string;
  readonly ips: readonly string[];
  /** A process that stands for the pod, if there is one. */
  readonly pid?: number;
  readonly networkNamespace?: string;
}

/** A container as plugins get to see it. Times are in nanoseconds since 1970. */
export interface ContainerView {
  readonly container: Container;
  readonly state: 'unknown' | 'created' | 'running' | 'stopped';
  /** Limits now in force. */
  readonly resources: Resources;
  readonly createdAt: bigint;
  readonly startedAt?: bigint;
  readonly pid?: number;
  readonly cgroup?: string;
  readonly end?: {
    readonly finishedAt: bigint;
    readonly exitCode: number;
    readonly reason: string;
    readonly message: string;
  };
}

/** New limits for a container that exists; what is absent stays. */
export interface ContainerUpdate {
  readonly id: ContainerId;
  readonly resources: Resources;
  /** What asked for it goes on if it can't be done. */
  readonly ignoreFailure: boolean;
}

/** A container that a plugin wants to be stopped. */
export interface Eviction {
  readonly id: ContainerId;
  readonly reason: string;
}

/** What plugins ask to happen to other containers. */
export interface Requests {
  readonly updates: readonly ContainerUpdate[];
  readonly evictions: readonly Eviction[];
}

/** What plugins need of the runtime. */
export interface PluginHost {
  /** All that exists at this moment, at once: nothing may happen between the two lists. */
  snapshot(): { readonly pods: readonly PodView[]; readonly containers: readonly ContainerView[] };
  /** Makes a change; rejects if it can't be made. */
  update(update: ContainerUpdate): Promise<void>;
  /** Stops a container; rejects if it can't be. */
  evict(eviction: Eviction): Promise<void>;
}
