import { z } from 'zod';

/** What an OCI runtime does of what others may not. */
export interface RuntimeFeatures {
  readonly recursiveReadonlyMounts: boolean;
  readonly idmappedMounts: boolean;
}

// The part that is needed of the runtime specification's features.md.
const features = z.object({
  mountOptions: z.array(z.string()).optional(),
  linux: z
    .object({
      mountExtensions: z
        .object({ idmap: z.object({ enabled: z.boolean().optional() }).optional() })
        .optional(),
    })
    .optional(),
});

/** Reads the output of `runc features`; `undefined` if it is none. */
export function parseFeatures(output: string): RuntimeFeatures | undefined {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    return undefined; // an older runtime prints its usage
  }
  const parsed = features.safeParse(value);
  if (!parsed.success) return undefined;
  return {
    recursiveReadonlyMounts: parsed.data.mountOptions?.includes('rro') ?? false,
    idmappedMounts: parsed.data.linux?.mountExtensions?.idmap?.enabled ?? false,
  };
}

/** The first version of each runtime that does it, for those that can't tell. */
const SINCE = {
  runc: { recursiveReadonlyMounts: [1, 1], idmappedMounts: [1, 2] },
  crun: { recursiveReadonlyMounts: [1, 4], idmappedMounts: [1, 4] },
} as const;

/** From the first line of `--version`: `runc version 1.1.5+ds1`. */
export function featuresOfVersion(version: string): RuntimeFeatures {
  const match = /^(runc|crun) version (\d+)\.(\d+)/.exec(version);
  if (match === null) return { recursiveReadonlyMounts: false, idmappedMounts: false };
  const since = SINCE[match[1] as keyof typeof SINCE];
  const has = [Number(match[2]), Number(match[3])] as const;
  return {
    recursiveReadonlyMounts: isAtLeast(has, since.recursiveReadonlyMounts),
    idmappedMounts: isAtLeast(has, since.idmappedMounts),
  };
}

const isAtLeast = (
  [major, minor]: readonly [number, number],
  [wantedMajor, wantedMinor]: readonly [number, number],
): boolean => major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
