import {
  absolutePathOption,
  millisecondsOption,
  programOption,
  rlimitsOption,
} from '@crihub/service-sandbox';
import { z } from 'zod';

/** What a handler of this backend may be configured with. */
export const runcOptions = z.strictObject({
  /** The OCI runtime: `runc`, `crun`, `runsc`, or the absolute path of one. */
  runtime: programOption.default('runc'),
  /** The container monitor; a name is looked up in PATH. */
  conmonPath: programOption.default('conmon'),
  /** The init process of pods that share their PID namespace: a static `catatonit`. */
  pausePath: programOption.default('catatonit'),
  /** Where named network namespaces are pinned, for `ip netns` to see. */
  networkNamespaceDirectory: absolutePathOption.default('/run/netns'),
  /** Limits of processes by type, `RLIMIT_NOFILE` for one; the daemon's own where absent. */
  rlimits: rlimitsOption.default([]),
  /** Time for the OCI runtime to create a container, in ms. */
  createTimeoutMs: millisecondsOption.default(60_000),
  /** Time for any other call of the OCI runtime, in ms. */
  callTimeoutMs: millisecondsOption.default(30_000),
  /** Time between two looks at the container monitors, in ms. */
  monitorIntervalMs: millisecondsOption.default(2_000),
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
