import type { Sandbox } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';

/** Refuses what a machine of its own can't give a pod. The hub has refused most of it by the capabilities. */
export function refuseUnsupported({ id, namespaces }: Sandbox): void {
  const { network, ipc, pid, user } = namespaces;
  const wish = [
    network === 'node' && "the node's network",
    ipc === 'node' && "the node's IPC namespace",
    pid === 'node' && "the node's PID namespace",
    user !== undefined && 'a user namespace',
  ].find((one) => one !== false);
  if (wish === undefined) return;
  throw new RuntimeError(
    'Unimplemented',
    `a pod in a virtual machine can't have ${wish}: it has a kernel of its own`,
    { operation: 'prepare sandbox', id },
  );
}
