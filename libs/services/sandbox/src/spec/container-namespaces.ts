import type { Container, Sandbox } from '@crihub/contract';
import type { NamespaceChoice, NamespaceChoices } from '@crihub/service-oci';
import type { SandboxPaths } from '../namespaces/sandbox-paths.ts';

/** What the choice of namespaces depends on beyond the container and its pod. */
export interface NamespaceSources {
  readonly paths: SandboxPaths;
  /** The process whose PID namespace is joined, for the modes `pod` and `target`. */
  readonly pidOwner: number | undefined;
  readonly cgroupVersion: 1 | 2;
}

/** Joins the pod's namespaces; where the pod has none of its own, the node's. */
export function containerNamespaces(
  { pidNamespace, security }: Pick<Container, 'pidNamespace' | 'security'>,
  { paths, pidOwner, cgroupVersion }: NamespaceSources,
): NamespaceChoices {
  return {
    network: joined(paths.net),
    ipc: joined(paths.ipc),
    uts: joined(paths.uts),
    user: joined(paths.user),
    pid: pidChoice(pidNamespace.mode, pidOwner),
    cgroup: cgroupVersion === 2 && !security.privileged ? 'new' : 'host',
  };
}

/** Whether a container joins the PID namespace that its pod's containers share. */
export const sharesPid = ({ namespaces }: Pick<Sandbox, 'namespaces'>): boolean => namespaces.pid === 'pod';

const joined = (path: string | undefined): NamespaceChoice => (path === undefined ? 'host' : { path });

function pidChoice(mode: Container['pidNamespace']['mode'], owner: number | undefined): NamespaceChoice {
  if (mode === 'container') return 'new';
  if (mode === 'node') return 'host';
  return owner === undefined ? 'new' : { path: `/proc/${String(owner)}/ns/pid` };
}
