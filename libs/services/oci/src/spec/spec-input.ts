import type { Container, Sandbox } from '@crihub/contract';
import type { CdiEdits } from '../cdi/container-edits.ts';
import type { ResolvedDevice } from '../devices/resolved-device.ts';
import type { OciRlimit, OciSeccomp } from '../oci-spec.ts';

/** `new`: the runtime makes it. `host`: that of the runtime's caller. A path: joined. */
export type NamespaceChoice = 'new' | 'host' | { readonly path: string };

/** Which namespaces a container gets; its mount namespace is always new. */
export interface NamespaceChoices {
  readonly network: NamespaceChoice;
  readonly ipc: NamespaceChoice;
  readonly uts: NamespaceChoice;
  readonly pid: NamespaceChoice;
  readonly cgroup: NamespaceChoice;
  /** With `new` or a path, the pod's mappings are written too: runtimes need them in both cases. */
  readonly user: NamespaceChoice;
}

/** What the machine that runs the container allows; for a virtual machine, its guest. */
export interface SpecHost {
  readonly cgroupVersion: 1 | 2;
  /** The bounding set of whoever runs the runtime, with the `CAP_` prefix: nothing beyond it is asked for. */
  readonly capabilities: readonly string[];
  readonly seccomp: boolean;
  readonly apparmor: boolean;
  /** A loaded profile for RuntimeDefault; absent: RuntimeDefault confines nothing. */
  readonly apparmorDefaultProfile?: string;
  readonly selinux: boolean;
  /** Swap can be limited: `memory.memsw.limit_in_bytes` or `memory.swap.max` exists. */
  readonly swapLimit: boolean;
  /** Huge pages can be limited: the hugetlb controller is there. Without it such limits are left out. */
  readonly hugepageLimit: boolean;
  /** The least value that may be written to `oom_score_adj`: -1000 with CAP_SYS_RESOURCE. */
  readonly minOomScoreAdj: number;
  /** The caller's hard limits by type; a limit beyond them needs CAP_SYS_RESOURCE. Absent ones are unlimited. */
  readonly hardRlimits: Readonly<Record<string, number | bigint>>;
}

export interface SpecInput {
  readonly container: Container;
  readonly sandbox: Sandbox;
  readonly host: SpecHost;
  readonly namespaces: NamespaceChoices;
  /** `/parent/name`, or `slice:prefix:name` for a runtime that is told to use systemd. */
  readonly cgroupsPath: string;
  /** What shows as /dev/shm. Absent: the host's with the host's IPC namespace, else 64 MiB of its own. */
  readonly shmPath?: string;
  /** The profile as loaded (`resolveSeccomp`); absent: unconfined. Never used for a privileged container. */
  readonly seccomp?: OciSeccomp;
  /** From `CdiRegistry.resolve`. */
  readonly cdi?: CdiEdits;
  /** From `resolveDevices(container)`, which knows that a privileged container gets all of the host's. */
  readonly devices: readonly ResolvedDevice[];
  readonly rlimits: readonly OciRlimit[];
  /** Beyond those that identify the container: only what the backend's configuration lets through. */
  readonly annotations?: Readonly<Record<string, string>>;
}
