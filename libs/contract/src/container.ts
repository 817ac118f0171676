import type { ContainerId, SandboxId } from '@crihub/kernel';
import type { Device, Mount } from './mount.ts';
import type { ContainerPidNamespace } from './namespaces.ts';
import type { Process } from './process.ts';
import type { Resources } from './resources.ts';
import type { ContainerSecurity } from './security.ts';

export interface ContainerMetadata {
  readonly name: string;
  readonly attempt: number;
}

/** Everything that a backend needs to know of a container. Plain data: it is stored as JSON. */
export interface Container {
  readonly id: ContainerId;
  readonly sandboxId: SandboxId;
  readonly metadata: ContainerMetadata;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The id of its image: `sha256:` and the config's digest. */
  readonly imageId: string;
  /** The image as the pod names it, for people. */
  readonly imageRef: string;
  /**
   * Absolute path of the root filesystem, writable and mounted by the hub; empty for a backend whose
   * `rootfs` is `'backend'`.
   */
  readonly rootfs: string;
  readonly process: Process;
  readonly pidNamespace: ContainerPidNamespace;
  readonly security: ContainerSecurity;
  readonly mounts: readonly Mount[];
  readonly devices: readonly Device[];
  /** Fully qualified CDI device names: `vendor.com/class=name`. */
  readonly cdiDevices: readonly string[];
  readonly resources: Resources;
  /** Absolute path of the CRI log; empty: the output is discarded. */
  readonly logPath: string;
  /** The signal that asks it to end: `SIGTERM`, `SIGRTMIN+3`, … */
  readonly stopSignal: string;
}

/** How a container ended. */
export interface ContainerExit {
  readonly exitCode: number;
  /** Nanoseconds since 1970. */
  readonly finishedAt: bigint;
  readonly oomKilled: boolean;
}
