import type { Capabilities, Container, ContainerSecurity, Mount, Sandbox } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';

export type SandboxWants = Pick<Sandbox, 'namespaces' | 'security'>;
type ContainerWants = Pick<Container, 'security' | 'devices' | 'cdiDevices'> & {
  readonly mounts: readonly Omit<Mount, 'source'>[];
};

/** Refuses a pod that the handler can't run, before anything of it exists. */
export function checkSandboxCapabilities(handler: string, can: Capabilities, wants: SandboxWants): void {
  const { network, ipc, pid, user } = wants.namespaces;
  demand(handler, "the node's network namespace", network !== 'node' || can.hostNetwork);
  demand(handler, "the node's IPC namespace", ipc !== 'node' || can.hostIpc);
  demand(handler, "the node's PID namespace", pid !== 'node' || can.hostPid);
  demand(handler, 'a PID namespace shared by the pod', pid !== 'pod' || can.sharedPid);
  demand(handler, 'user namespaces', user === undefined || can.userNamespaces);
  demand(
    handler,
    "a user namespace with the node's network",
    user === undefined || network !== 'node' || can.userNamespacesWithHostNetwork,
  );
  demand(handler, 'privileged pods', !wants.security.privileged || can.privileged);
}

/** Refuses a container that the handler can't run. */
export function checkContainerCapabilities(handler: string, can: Capabilities, wants: ContainerWants): void {
  const privileged: ContainerSecurity['privileged'] = wants.security.privileged;
  demand(handler, 'privileged containers', !privileged || can.privileged);
  demand(handler, 'host devices', wants.devices.length + wants.cdiDevices.length === 0 || can.devices);
  for (const mount of wants.mounts) {
    demand(
      handler,
      'recursive read-only mounts',
      !mount.recursiveReadonly || can.recursiveReadonlyMounts,
      'RROUnsupported',
    );
    demand(handler, 'idmapped mounts', mount.uidMappings.length === 0 || can.idmappedMounts);
    demand(handler, 'mount options', mount.options.length === 0 || can.mountOptions);
    demand(handler, 'bidirectional mounts', mount.propagation !== 'bidirectional' || can.bidirectionalMounts);
  }
}

function demand(handler: string, what: string, granted: boolean, reason?: string): void {
  if (granted) return;
  throw new RuntimeError(
    'FailedPrecondition',
    `handler '${handler}' can't give ${what} on this node`,
    reason === undefined ? {} : { reason },
  );
}
