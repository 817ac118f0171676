import { z } from 'zod';

const absolutePath = z.string().regex(/^\//, 'must be an absolute path');
const milliseconds = z.number().int().min(100).max(600_000);
const size = z.string().regex(/^\d+[kmg]$/, 'must be a size such as 256m');

/** What a handler of this backend may be configured with. */
export const dockerOptions = z.strictObject({
  /** The engine's socket. */
  socket: absolutePath.default('/var/run/docker.sock'),
  /** One of the engine's runtimes, by its name there; the engine's default if absent. */
  runtime: z.string().min(1).optional(),
  /** An image that the engine has and whose program waits for ever; else one that is built here. */
  sandboxImage: z.string().min(1).optional(),
  /** The program of the sandbox image that is built here: a static `catatonit`. */
  pausePath: absolutePath.default('/usr/bin/catatonit'),
  /** Where network namespaces are pinned, for `ip netns` to see. */
  networkNamespaceDirectory: absolutePath.default('/run/netns'),
  /** Of the engine's own log of each container, which is kept beside the kubelet's: size and number of files. */
  engineLog: z
    .strictObject({ maxSize: size.default('256m'), maxFiles: z.number().int().min(1).max(100).default(4) })
    .prefault({}),
  /** Longest time for one call of the engine, in ms. */
  callTimeoutMs: milliseconds.default(120_000),
});

/** The handler's options with their defaults filled in. */
export type DockerOptions = z.output<typeof dockerOptions>;

/** What the node decides for every handler of this backend. */
export interface DockerPlacement {
  /** Survives a reboot: an empty file for each pod that was started. */
  readonly stateDirectory: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
  /** Tells the containers of several hubs on one engine apart. */
  readonly instance: string;
}
