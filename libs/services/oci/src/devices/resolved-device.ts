import type { OciDevice } from '../oci-spec.ts';

/** A device node of the host as it shall appear in a container. */
export interface ResolvedDevice extends OciDevice {
  /** Any of `r`, `w`, `m`. */
  readonly permissions: string;
}
