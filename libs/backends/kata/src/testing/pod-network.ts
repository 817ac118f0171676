import type { PodNetworkAttachment } from '@crihub/contract';
import { run } from '@crihub/transport/process';

/** Connects a pod's network namespace to this process's, as the plugins of a node do. */
export async function attachNetwork(
  networkNamespace: string,
  { host, pod, name }: { readonly host: string; readonly pod: string; readonly name: string },
): Promise<PodNetworkAttachment> {
  const script = [
    'set -e',
    `ip link add eth0 type veth peer name ${name}`,
    `ip link set ${name} netns ${String(process.pid)}`,
    `ip addr add ${pod}/24 dev eth0`,
    'ip link set eth0 up',
  ].join('\n');
  const made = await run('nsenter', { args: [`--net=${networkNamespace}`, 'sh', '-c', script] });
  const up = await run('sh', {
    args: ['-c', `ip addr add ${host}/24 dev ${name} && ip link set ${name} up`],
  });
  if (made.exitCode + up.exitCode > 0) throw new Error(`${String(made.stderr)}${String(up.stderr)}`);
  const link = await run('nsenter', {
    args: [`--net=${networkNamespace}`, 'ip', '-o', 'link', 'show', 'eth0'],
  });
  const mac = /link\/ether (\S+)/.exec(String(link.stdout))?.[1];
  return {
    interfaceName: 'eth0',
    ...(mac !== undefined && { mac }),
    mtu: 1500,
    addresses: [{ cidr: `${pod}/24` }],
    routes: [{ destination: '0.0.0.0/0', gateway: host }],
  };
}
