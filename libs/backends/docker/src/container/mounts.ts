import { join } from 'node:path';
import type { Container, Mount, MountPropagation, Sandbox } from '@crihub/contract';
import type { CdiEdits } from '@crihub/service-oci';
import { RuntimeError } from '@crihub/kernel';

export interface EngineMount {
  readonly Type: 'bind' | 'tmpfs';
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly: boolean;
  readonly BindOptions?: {
    readonly Propagation: string;
    /** From API 1.44 on; without it the engine makes what is mounted below read-only where it can. */
    readonly ReadOnlyNonRecursive?: true;
    readonly ReadOnlyForceRecursive?: true;
  };
}

const PROPAGATION: Readonly<Record<MountPropagation, string>> = {
  private: 'rprivate',
  hostToContainer: 'rslave',
  bidirectional: 'rshared',
};
const POD_FILES = ['hostname', 'hosts', 'resolv.conf'] as const;

/** The pod's files and what the container asks for, which wins. @param knowsRecursion API 1.44 or later. */
export function engineMounts(
  container: Container,
  sandbox: Sandbox,
  knowsRecursion: boolean,
): readonly EngineMount[] {
  const wanted = container.mounts.map((mount) => bind(mount, knowsRecursion));
  const files = POD_FILES.map((name): EngineMount => ({
    Type: 'bind',
    Source: join(sandbox.directory, name),
    Target: `/etc/${name}`,
    ReadOnly: container.security.readonlyRootfs,
    BindOptions: { Propagation: 'rprivate' },
  }));
  return [...files.filter((file) => !wanted.some(({ Target }) => Target === file.Target)), ...wanted];
}

/** With SELinux a mount may have to be relabelled, which the engine's older form of mounts alone can say. */
export const relabelledBinds = (mounts: readonly Mount[]): readonly string[] =>
  mounts.map(
    ({ source, destination, readonly, propagation }) =>
      `${source}:${destination}:${readonly ? 'ro' : 'rw'},Z,${PROPAGATION[propagation]}`,
  );

/** @throws Unimplemented for a mount of a CDI device that the engine can't make. */
export const cdiMounts = (edits: CdiEdits): readonly EngineMount[] =>
  edits.mounts.map(({ destination, source = '', type, options = [] }): EngineMount => {
    if (type !== 'bind') {
      throw new RuntimeError(
        'Unimplemented',
        `Docker Engine can't mount ${destination} of a CDI device (${type})`,
      );
    }
    return {
      Type: 'bind',
      Source: source,
      Target: destination,
      ReadOnly: options.includes('ro'),
      BindOptions: { Propagation: 'rprivate' },
    };
  });

function bind({ source, destination, propagation, ...mount }: Mount, knowsRecursion: boolean): EngineMount {
  const { readonly, recursiveReadonly } = mount;
  return {
    Type: 'bind',
    Source: source,
    Target: destination,
    ReadOnly: readonly,
    BindOptions: {
      Propagation: PROPAGATION[propagation],
      ...(readonly && knowsRecursion
        ? recursiveReadonly
          ? { ReadOnlyForceRecursive: true }
          : { ReadOnlyNonRecursive: true }
        : {}),
    },
  };
}
