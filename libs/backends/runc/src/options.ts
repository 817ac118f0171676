import { z } from 'zod';

const absolutePath = z.string().regex(/^\//, 'must be an absolute path');
const program = z
  .string()
  .regex(/^(\/.+|[^/\s]+)$/, 'must be an absolute path or the name of a program in PATH');
const milliseconds = z.number().int().min(100).max(600_000);

/** What a handler of this backend may be configured with. */
export const runcOptions = z.strictObject({
  /** The OCI runtime: `runc`, `crun`, `runsc`, or the absolute path of one. */
  runtime: program.default('runc'),
  /** The container monitor; a name is looked up in PATH. */
  conmonPath: program.default('conmon'),
  /** The init process of pods that share their PID namespace: a static `catatonit`. */
  pausePath: program.default('catatonit'),
  /** Where named network namespaces are pinned, for `ip netns` to see. */
  networkNamespaceDirectory: absolutePath.default('/run/netns'),
  /** Limits of processes by type, `RLIMIT_NOFILE` for one; the daemon's own where absent. */
  rlimits: z
    .array(
      z.strictObject({
        type: z.string().regex(/^RLIMIT_[A-Z]+$/, 'must be a name such as RLIMIT_NOFILE'),
        soft: z.number().int().min(0),
        hard: z.number().int().min(0),
      }),
    )
    .default([]),
  /** Time for the OCI runtime to create a container, in ms. */
  createTimeoutMs: milliseconds.default(60_000),
  /** Time for any other call of the OCI runtime, in ms. */
  callTimeoutMs: milliseconds.default(30_000),
  /** Time between two looks at the container monitors, in ms. */
  monitorIntervalMs: milliseconds.default(2_000),
});

/** The handler's options with their defaults filled in. */
export type RuncOptions = z.output<typeof runcOptions>;

/** What the node decides for every handler of this backend. */
export interface RuncPlacement {
  /** Survives a reboot: one small record for each pod and container. */
  readonly stateDirectory: string;
  /** Of this boot alone: bundles, sockets, exit files, namespaces. Its path has 60 characters at most. */
  readonly runDirectory: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
}
