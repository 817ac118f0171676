import type { PodNetworkAttachment } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import { run } from '@crihub/transport/process';
import { TAP } from './qemu-arguments.ts';

/**
 * Joins the pod's interface and the machine's tap device: what comes in at one goes out at the other. `u32`
 * matches all; `matchall` is not in every kernel. Repeatable.
 */
export async function linkPod(
  networkNamespace: string,
  { interfaceName, mtu }: PodNetworkAttachment,
  signal: AbortSignal,
): Promise<void> {
  const script = [
    `tc qdisc del dev ${interfaceName} ingress 2> /dev/null`,
    'set -e',
    ...(mtu === undefined ? [] : [`ip link set dev ${TAP} mtu ${String(mtu)}`]),
    `tc qdisc add dev ${interfaceName} handle ffff: ingress`,
    redirect(interfaceName, TAP),
    redirect(TAP, interfaceName),
  ];
  const args = [`--net=${networkNamespace}`, 'sh', '-c', script.join('\n')];
  const { exitCode, stderr } = await run('nsenter', { args, signal, timeoutMs: 10_000 });
  if (exitCode === 0) return;
  const message = `the pod's ${interfaceName} can't be joined to its machine: ${stderr.toString().trim()}`;
  throw new RuntimeError('Internal', message);
}

const redirect = (from: string, to: string): string =>
  `tc filter replace dev ${from} parent ffff: protocol all prio 1 handle 800::1 u32 match u32 0 0 action mirred egress redirect dev ${to}`;
