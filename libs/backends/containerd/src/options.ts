import {
  absolutePathOption,
  millisecondsOption,
  programOption,
  rlimitsOption,
} from '@crihub/service-sandbox';
import { z } from 'zod';

/** The shim that runs an OCI runtime such as runc or crun, and knows the options below by name. */
export const RUNC_SHIM = 'io.containerd.runc.v2';

/** What a handler of this backend may be configured with. */
export const containerdOptions = z
  .strictObject({
    /** The socket of containerd's gRPC API. */
    socketPath: absolutePathOption.default('/run/containerd/containerd.sock'),
    /** The containerd namespace; other users of the same containerd must not have it. */
    namespace: z
      .string()
      .regex(/^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/, 'must be letters and digits, with single . _ - between')
      .max(76)
      .default('crihub'),
    /** The shim by its type: `io.containerd.runc.v2`, `io.containerd.runsc.v1`, `io.containerd.kata.v2`, … */
    runtimeType: z.string().min(1).default(RUNC_SHIM),
    /** With runc's shim: the OCI runtime, by name or absolute path; `runc` if absent. */
    runtime: programOption.optional(),
    /** With another shim: its configuration, in a file or as text, and what the shim calls its kind. */
    shimOptions: z
      .strictObject({
        typeUrl: z.string().min(1).optional(),
        configPath: absolutePathOption.optional(),
        configBody: z.string().min(1).optional(),
      })
      .optional(),
    /** Where root filesystems come from: the hub's layers, or copies of the images in a snapshotter of containerd. */
    rootfs: z.enum(['hub', 'snapshotter']).default('hub'),
    /** With `rootfs: snapshotter`: its name, such as `stargz` or `devmapper`; `overlayfs` if absent. */
    snapshotter: z.string().min(1).optional(),
    /** The init process of pods that need one: a static `catatonit`. */
    pausePath: programOption.default('catatonit'),
    /** Where named network namespaces are pinned, for `ip netns` to see. */
    networkNamespaceDirectory: absolutePathOption.default('/run/netns'),
    /** Limits of processes by type, `RLIMIT_NOFILE` for one; containerd's own where absent. */
    rlimits: rlimitsOption.default([]),
    /** Time for containerd to create a container, in ms. */
    createTimeoutMs: millisecondsOption.default(60_000),
    /** Time for any other call of containerd, in ms. */
    callTimeoutMs: millisecondsOption.default(20_000),
  })
  .refine(({ rootfs, snapshotter }) => rootfs === 'snapshotter' || snapshotter === undefined, {
    path: ['snapshotter'],
    error: 'is used only with rootfs: snapshotter',
  })
  .refine(({ runtimeType, shimOptions }) => runtimeType !== RUNC_SHIM || shimOptions === undefined, {
    path: ['shimOptions'],
    error: `is for shims other than ${RUNC_SHIM}`,
  })
  .refine(({ runtimeType, runtime }) => runtimeType === RUNC_SHIM || runtime === undefined, {
    path: ['runtime'],
    error: `is for the shim ${RUNC_SHIM}`,
  });

/** The handler's options with their defaults filled in. */
export type ContainerdOptions = z.output<typeof containerdOptions>;

/** The OCI runtime of runc's shim. */
export const ociRuntimeOf = ({ runtime = 'runc' }: Pick<ContainerdOptions, 'runtime'>): string => runtime;

/** The snapshotter that root filesystems come from, if they do. */
export const snapshotterOf = ({
  rootfs,
  snapshotter = 'overlayfs',
}: Pick<ContainerdOptions, 'rootfs' | 'snapshotter'>): string | undefined =>
  rootfs === 'snapshotter' ? snapshotter : undefined;

/** What the node decides for every handler of this backend. */
export interface ContainerdPlacement {
  /** The handler's name; it tells the pods of handlers apart that share a containerd namespace. */
  readonly handler: string;
  /** Of this boot alone, best on a tmpfs: FIFOs, namespaces, shared memory. */
  readonly runDirectory: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
}
