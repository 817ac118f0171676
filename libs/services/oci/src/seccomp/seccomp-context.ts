export type KernelVersion = readonly [major: number, minor: number];

/** What the rules of a profile may depend on. */
export interface SeccompContext {
  /** Go's name: `amd64`. */
  readonly architecture: string;
  /** The container's bounding set, with the `CAP_` prefix. */
  readonly capabilities: readonly string[];
  readonly kernelVersion: KernelVersion;
}

export const atLeast = (version: KernelVersion, least: KernelVersion): boolean =>
  version[0] > least[0] || (version[0] === least[0] && version[1] >= least[1]);
