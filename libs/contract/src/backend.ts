import type { Duplex } from 'node:stream';
import type { ContainerId, SandboxId } from '@crihub/kernel';
import type { BackendHealth } from './capabilities.ts';
import type { Container } from './container.ts';
import type { BackendEvent, Inventory } from './inventory.ts';
import type { Isolation } from './isolation.ts';
import type { BackendPhases } from './phases.ts';
import type { AttachSpec, ExecSpec, ProcessSession } from './process.ts';
import type { Resources } from './resources.ts';
import type { PodNetworkAttachment, Sandbox } from './sandbox.ts';
import type { WritableLayer } from './writable-layer.ts';

export interface PreparedSandbox {
  /** Path of the namespace that the pod network attaches to; absent with the node's network. */
  readonly networkNamespace?: string;
  /** Path of the pod's user namespace, by which root filesystems are shifted; absent without one. */
  readonly userNamespace?: string;
}

export interface StartedSandbox {
  /** A process that stands for the pod on the host (pause, VM), if there is one. */
  readonly pid?: number;
  /** Path of the sandbox's own cgroup below the hierarchy's root, if it has one. */
  readonly cgroup?: string;
  /** How long the parts of this start took. */
  readonly phases?: BackendPhases;
}

export interface CreatedContainer {
  /** Path of the container's cgroup below the hierarchy's root, from which the hub reads statistics. */
  readonly cgroup?: string;
  /** How long the parts of this creation took. */
  readonly phases?: BackendPhases;
}

export interface StartedContainer {
  /** Its first process on the host, if the host can see it. */
  readonly pid?: number;
  /** Nanoseconds since 1970. */
  readonly startedAt: bigint;
  /** Of a backend that makes root filesystems itself, where the host can see it. */
  readonly writableLayer?: WritableLayer;
}

/** Pods. The hub calls prepare, attaches the network, calls start; later stop, detaches, remove. */
export interface SandboxOperations {
  /** Makes the namespaces (or what the pod network attaches to). */
  prepare(sandbox: Sandbox, signal: AbortSignal): Promise<PreparedSandbox>;
  /** Makes the pod able to hold containers. `network` is absent with the node's network. */
  start(
    sandbox: Sandbox,
    network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<StartedSandbox>;
  /** Kills whatever still runs in the pod. Its network namespace stays until `remove`. */
  stop(id: SandboxId, signal: AbortSignal): Promise<void>;
  /** Removes all traces, containers included. */
  remove(id: SandboxId, signal: AbortSignal): Promise<void>;
  update(
    sandbox: Sandbox,
    change: { readonly overhead: Resources; readonly resources: Resources },
    signal: AbortSignal,
  ): Promise<void>;
}

export interface ContainerOperations {
  /** Makes the container up to, and not including, its first process's program. */
  create(container: Container, sandbox: Sandbox, signal: AbortSignal): Promise<CreatedContainer>;
  /** Runs the program. Starting a running container does nothing; a program that can't run is FailedPrecondition. */
  start(id: ContainerId, signal: AbortSignal): Promise<StartedContainer>;
  /**
   * Sends a signal, by name, to the first process (`init`), or SIGKILL to every process (`all`).
   * A container that has ended, or never was, is no error. The hub does the waiting and escalates.
   */
  signal(id: ContainerId, name: string, scope: 'init' | 'all', signal: AbortSignal): Promise<void>;
  /** Removes all traces, killing it if it runs. Its root filesystem and its log are the hub's and the kubelet's. */
  remove(id: ContainerId, signal: AbortSignal): Promise<void>;
  /** Changes the limits of a created or running container: all of them, or none. */
  update(id: ContainerId, resources: Resources, signal: AbortSignal): Promise<void>;
  /** Opens the log path anew, after the kubelet has moved the file away. Resolves when the new file exists. */
  reopenLog(id: ContainerId, signal: AbortSignal): Promise<void>;
}

export interface ProcessOperations {
  /** Starts a process in a running container. The signal governs the start alone; then `kill()` ends it. */
  exec(id: ContainerId, exec: ExecSpec, signal: AbortSignal): Promise<ProcessSession>;
  /** Joins the streams of the first process, from now on. */
  attach(id: ContainerId, attach: AttachSpec, signal: AbortSignal): Promise<ProcessSession>;
}

/** Captures a running container's state to files. */
export interface CheckpointSupport {
  checkpoint(id: ContainerId, archivePath: string, signal: AbortSignal): Promise<void>;
}

/** For backends that keep copies of the hub's images in a store of their own. */
export interface ImageCopySupport {
  /** Removes the copy of an image that the hub has removed; what others brought there stays. Repeatable. */
  remove(imageId: string, signal: AbortSignal): Promise<void>;
}

/** For backends whose pods are served by processes that all of them share: an engine. */
export interface EngineSupport {
  /** Ids of those processes on this host; empty if they can't be seen. */
  processes(signal: AbortSignal): Promise<readonly number[]>;
}

/** For backends that keep sandboxes ready for pods that are still to come. */
export interface WarmPool {
  /** How many there are now. */
  readonly ready: number;
  readonly wanted: number;
  /** Pods that got one, and pods that did not, since the start. */
  readonly hits: number;
  readonly misses: number;
}

/** For backends whose network the host can't enter: connects to a port inside the pod. */
export interface PortForwardSupport {
  connect(id: SandboxId, port: number, signal: AbortSignal): Promise<Duplex>;
}

/** What a guest tells of one of its containers. */
export interface GuestFigures {
  /** The files of its cgroup, of version 2, by their names: what is not there is left out. */
  readonly cgroupFiles: ReadonlyMap<string, string>;
  /** What its processes hold open; absent where there is too much of it to count. */
  readonly descriptors?: { readonly files: number; readonly sockets: number };
}

/** For backends whose containers this host's cgroups do not show: those of virtual machines. */
export interface GuestStatistics {
  /** Of the containers of a running pod, in one round trip. */
  figures(id: SandboxId, signal: AbortSignal): Promise<ReadonlyMap<ContainerId, GuestFigures>>;
}

/**
 * A way to isolate pods. The hub owns identity, records, images, the pod network, streaming, events and
 * metrics; a backend owns isolation and the life of processes, and nothing else.
 *
 * Rules for every method:
 * - It honours its AbortSignal: it rejects soon after, with the signal's reason or a `RuntimeError`.
 * - It may be repeated, also after a failure or an abort half way, and then finishes or does nothing more.
 * - Stopping, signalling or removing what does not exist succeeds.
 * - A failed `prepare` or `create` leaves nothing that `remove` does not clean.
 * - It rejects with a `RuntimeError`: NotFound for an unknown id, FailedPrecondition for a wrong state,
 *   Unavailable when what it drives can't be reached, Unimplemented for what it can't do.
 * - Different ids may be worked on at once; the hub never runs two operations on one id at once,
 *   except `signal`, `exec`, `attach` and `reopenLog`.
 * - What it holds survives the daemon: after a kill at any instant, `inventory()` of a new instance
 *   shows all of it.
 */
export interface Backend {
  /** The word in the configuration: `runc`. */
  readonly kind: string;
  /** Who makes root filesystems: the hub from its layers, or the backend from its own images. */
  readonly rootfs: 'hub' | 'backend';
  /** With its options as they are. A pod is never moved to a weaker one unless an operator allows it. */
  readonly isolation: Isolation;
  /** Gets ready, and adopts what an earlier daemon left. Rejects only if the configuration can never work. */
  start(signal: AbortSignal): Promise<void>;
  /** Lets go of everything but the pods, which run on. */
  close(): Promise<void>;
  health(signal: AbortSignal): Promise<BackendHealth>;
  readonly sandboxes: SandboxOperations;
  readonly containers: ContainerOperations;
  readonly processes: ProcessOperations;
  inventory(signal: AbortSignal): Promise<Inventory>;
  /**
   * What happens, at least once each, from the moment of the call until the signal aborts (the
   * iteration then ends). An exit is told within a second.
   */
  events(signal: AbortSignal): AsyncIterable<BackendEvent>;
  readonly checkpoint?: CheckpointSupport;
  readonly portForward?: PortForwardSupport;
  readonly statistics?: GuestStatistics;
  readonly imageCopies?: ImageCopySupport;
  readonly engine?: EngineSupport;
  readonly warmPool?: WarmPool;
}
