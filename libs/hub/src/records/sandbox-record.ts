import type { Sandbox } from '@crihub/contract';
import type { SandboxId } from '@crihub/kernel';
import type { HostPort } from '../front/parse/sandbox.ts';
import type { NetworkState } from './network-state.ts';
import type { Placement } from './placement.ts';

/**
 * Where a pod is in its life. `creating` and `removing` are intents: written before acting, invisible to
 * the kubelet, and undone or finished after a restart.
 */
export type SandboxPhase = 'creating' | 'ready' | 'notReady' | 'removing';

/** What the hub knows of a pod. Immutable: a change makes a new value. */
export interface SandboxRecord {
  readonly id: SandboxId;
  readonly phase: SandboxPhase;
  /** As the kubelet asked; empty for the default. */
  readonly runtimeHandler: string;
  /** The handler that was chosen, once and for all. */
  readonly handler: string;
  /** Absent if it was lost with a damaged database, or written by an earlier version. */
  readonly placement?: Placement;
  readonly sandbox: Sandbox;
  readonly logDirectory: string;
  readonly hostPorts: readonly HostPort[];
  /** Fingerprint of the request, to tell a retry from another pod of the same name. */
  readonly fingerprint: string;
  /** Nanoseconds since 1970. */
  readonly createdAt: bigint;
  readonly network: NetworkState;
  /** Path of the pod's user namespace, if it has one. */
  readonly userNamespace?: string;
  readonly pid?: number;
  readonly cgroup?: string;
  /** With phase `removing`: the kubelet knew it, and is to hear that it is gone. */
  readonly listed?: boolean;
  /** Why it is not ready, if it became so by itself. */
  readonly message?: string;
}

/** Pods that the kubelet sees. */
export const isVisibleSandbox = ({ phase }: SandboxRecord): boolean =>
  phase === 'ready' || phase === 'notReady';

/** One pod of one name, uid and attempt exists at most once. */
export const sandboxKey = ({ namespace, name, uid, attempt }: Sandbox['metadata']): string =>
  [namespace, name, uid, String(attempt)].join('/');
