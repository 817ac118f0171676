import type { Backend, PodNetworkAttachment, Resources, Sandbox } from '@crihub/contract';
import type { Semaphore } from '@crihub/kernel';
import type { HostPort } from '../front/parse/sandbox.ts';

export interface AttachedNetwork {
  readonly attachment: PodNetworkAttachment;
  /** Addresses without prefix length, the primary one first. */
  readonly ips: readonly string[];
}

/** The pod network as the lifecycle needs it. */
export interface SandboxNetwork {
  attach(
    sandbox: Sandbox,
    namespacePath: string,
    hostPorts: readonly HostPort[],
    signal: AbortSignal,
  ): Promise<AttachedNetwork>;
  /** Succeeds if nothing is attached, also when the namespace has gone. */
  detach(
    sandbox: Sandbox,
    namespacePath: string,
    hostPorts: readonly HostPort[],
    signal: AbortSignal,
  ): Promise<void>;
  /** What an earlier `attach` gave the pod, for a hub that has lost its records; `undefined` if not known. */
  recall(id: Sandbox['id']): Promise<AttachedNetwork | undefined>;
  /** Frees what the plugins hold for pods that are not among these; the list is asked for more than once. */
  collectGarbage(valid: () => readonly Sandbox['id'][], signal: AbortSignal): Promise<void>;
  status(): NetworkStatus;
}

export type NetworkStatus =
  { readonly ready: true } | { readonly ready: false; readonly reason: string; readonly message: string };

export interface HandlerTimeouts {
  /** For the whole of a pod's creation; the caller may have gone before. In ms. */
  readonly createSandboxMs: number;
  readonly createContainerMs: number;
  /** For each call to the backend that should be quick. In ms. */
  readonly callMs: number;
}

export interface HandlerDefaults {
  readonly overhead: Resources;
  readonly resources: Resources;
}

/** A name that a RuntimeClass can give, and what stands behind it. */
export interface Handler {
  readonly name: string;
  readonly backend: Backend;
  readonly network: SandboxNetwork;
  /** How many pods may be created at once. */
  readonly admission: Semaphore;
  readonly timeouts: HandlerTimeouts;
  /** What pods and containers get whose requests leave it open. */
  readonly defaults: HandlerDefaults;
  /** The handler that takes a pod in its stead, if this one can't. */
  readonly fallback?: string;
  /** Whether that one may isolate less. */
  readonly allowWeakerFallback: boolean;
}
