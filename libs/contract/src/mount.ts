import type { IdMapping } from './namespaces.ts';

export type MountPropagation = 'private' | 'hostToContainer' | 'bidirectional';

/** A file or directory of the host in a container. Image volumes arrive here already mounted by the hub. */
export interface Mount {
  /** Absolute path in the container. */
  readonly destination: string;
  /** Absolute path on the host; it exists. */
  readonly source: string;
  readonly readonly: boolean;
  /** With `readonly`: submounts are read-only too, or the container is refused. */
  readonly recursiveReadonly: boolean;
  readonly propagation: MountPropagation;
  readonly selinuxRelabel: boolean;
  /** Non-empty: the mount's ids are mapped so. */
  readonly uidMappings: readonly IdMapping[];
  readonly gidMappings: readonly IdMapping[];
  /** Further restrictions: `noexec`, `nodev`, `nosuid`. */
  readonly options: readonly string[];
}

export interface Device {
  readonly hostPath: string;
  readonly containerPath: string;
  /** Any of `r`, `w`, `m`. */
  readonly permissions: string;
}
