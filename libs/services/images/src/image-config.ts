import { z } from 'zod';
import { refused } from './content-error.ts';
import { type Digest, isDigest } from './digest.ts';
import { check, parseJson } from './document.ts';
import { describePlatform, type Platform, platformDistance } from './platform.ts';

const strings = z.array(z.string()).nullish();
const keys = z.record(z.string(), z.unknown()).nullish();

const configSchema = z.object({
  architecture: z.string().default(''),
  os: z.string().default(''),
  variant: z.string().nullish(),
  created: z.string().nullish(),
  rootfs: z.object({
    diff_ids: z
      .array(z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), 'not a sha256 digest'))
      .nullish(),
  }),
  config: z
    .object({
      User: z.string().nullish(),
      Env: strings,
      Entrypoint: strings,
      Cmd: strings,
      WorkingDir: z.string().nullish(),
      StopSignal: z.string().nullish(),
      Volumes: keys,
      ExposedPorts: keys,
      Labels: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
});

/** How the image wants to be run: the part of an OCI image config that a runtime needs. */
export interface ImageConfig {
  readonly platform: Platform;
  /** RFC 3339, as the builder wrote it. */
  readonly created: string | undefined;
  /** `user`, `user:group`, with names or numbers; empty for root. */
  readonly user: string;
  /** `NAME=value`, in order. */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  readonly stopSignal: string | undefined;
  /** Paths that want storage of their own. */
  readonly volumes: readonly string[];
  /** `80/tcp`. */
  readonly exposedPorts: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface ParsedImageConfig {
  readonly config: ImageConfig;
  /** The digests of the uncompressed layers, lowest first. */
  readonly diffIds: readonly Digest[];
}

/** Reads an image config (OCI image spec, config.md). @throws FailedPrecondition naming the field. */
export function parseImageConfig(content: Uint8Array, origin: string): ParsedImageConfig {
  const { config, rootfs, os, architecture, variant, created } = check(
    configSchema,
    parseJson(content, origin),
    origin,
  );
  return {
    diffIds: rootfs.diff_ids ?? [],
    config: {
      platform: { os, architecture, variant: variant ?? undefined },
      created: created ?? undefined,
      user: config?.User ?? '',
      env: config?.Env ?? [],
      entrypoint: config?.Entrypoint ?? [],
      cmd: config?.Cmd ?? [],
      workingDir: config?.WorkingDir ?? '',
      stopSignal: config?.StopSignal || undefined,
      volumes: Object.keys(config?.Volumes ?? {}),
      exposedPorts: Object.keys(config?.ExposedPorts ?? {}),
      labels: config?.Labels ?? {},
    },
  };
}

/** @throws FailedPrecondition if the image names a platform that this machine is not. */
export function checkPlatform({ platform }: ImageConfig, wanted: Platform, origin: string): void {
  if (platform.os === '' || platform.architecture === '') return;
  if (platformDistance(wanted, platform) === undefined) {
    throw refused(
      `${origin} is for ${describePlatform(platform)}, and this node is ${describePlatform(wanted)}`,
    );
  }
}
