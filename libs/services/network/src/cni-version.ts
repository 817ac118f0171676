/** The versions of the CNI specification that are spoken, oldest first. */
export const CNI_VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

export type CniVersion = (typeof CNI_VERSIONS)[number];

export const isCniVersion = (text: string): text is CniVersion =>
  (CNI_VERSIONS as readonly string[]).includes(text);

/** True if `version` is `minimum` or newer. */
export const isAtLeast = (version: CniVersion, minimum: CniVersion): boolean =>
  CNI_VERSIONS.indexOf(version) >= CNI_VERSIONS.indexOf(minimum);

/** The newest version of a configuration's list that is spoken here (CNI 1.1, `cniVersions`). */
export const newestSpoken = (offered: readonly string[]): CniVersion | undefined =>
  CNI_VERSIONS.findLast((version) => offered.includes(version));
