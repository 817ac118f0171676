import { arch } from 'node:process';

/** What an image is built for; names as in Go's GOOS and GOARCH. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** Of `arm` and `arm64`: `v7`, `v8`. */
  readonly variant?: string | undefined;
}

const GO_ARCHITECTURES: Readonly<Record<string, Platform>> = {
  x64: { os: 'linux', architecture: 'amd64' },
  arm64: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  arm: { os: 'linux', architecture: 'arm', variant: 'v7' },
  ia32: { os: 'linux', architecture: '386' },
};

/** The platform of this machine. */
export const hostPlatform = (): Platform => GO_ARCHITECTURES[arch] ?? { os: 'linux', architecture: arch };

/**
 * How well an image built for `offered` runs on `wanted`: `undefined` if not at all, else the lower the
 * better. Any `arm` variant up to the machine's own will do; `arm64` has only `v8` in practice.
 */
export function platformDistance(wanted: Platform, offered: Platform): number | undefined {
  if (offered.os !== wanted.os || offered.architecture !== wanted.architecture) return undefined;
  const difference = variantNumber(wanted) - variantNumber(offered);
  return difference < 0 ? undefined : difference;
}

export const describePlatform = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, variant].filter(Boolean).join('/');

const DEFAULT_VARIANTS: Readonly<Record<string, number>> = { arm: 7, arm64: 8, amd64: 1 };

function variantNumber({ architecture, variant }: Platform): number {
  const digits = /^v?(\d+)/.exec(variant ?? '')?.[1];
  return digits === undefined ? (DEFAULT_VARIANTS[architecture] ?? 0) : Number(digits);
}
