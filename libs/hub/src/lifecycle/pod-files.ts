import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname as hostName } from 'node:os';
import { join } from 'node:path';
import type { Mount, Sandbox } from '@crihub/contract';
import { errnoCode } from '@crihub/kernel';
import { renderHostname, renderHosts, renderResolvConf } from '@crihub/service-network';
import type { DnsConfig } from '../front/parse/sandbox.ts';

const FILES = [
  { name: 'resolv.conf', destination: '/etc/resolv.conf' },
  { name: 'hostname', destination: '/etc/hostname' },
  { name: 'hosts', destination: '/etc/hosts' },
] as const;

/** Writes the files that all containers of the pod see below /etc. */
export async function writePodFiles(
  { directory, hostname, namespaces }: Sandbox,
  dns: DnsConfig | undefined,
  ips: readonly string[],
): Promise<void> {
  const [resolvConf, hosts] = await Promise.all([
    readHostFile('/etc/resolv.conf'),
    readHostFile('/etc/hosts'),
  ]);
  const name = hostname === '' ? hostName() : hostname;
  const files = {
    'resolv.conf': renderResolvConf(dns, resolvConf),
    hostname: renderHostname(name),
    hosts: namespaces.network === 'node' ? hosts : renderHosts({ hostname: name, ips }),
  };
  await mkdir(directory, { recursive: true, mode: 0o711 });
  await Promise.all(
    Object.entries(files).map(async ([file, text]) => {
      const path = join(directory, file);
      await writeFile(path, text);
      // In a user namespace the pod's own root shall own them, as it does elsewhere.
      const { user } = namespaces;
      if (user !== undefined) await chown(path, user.uids[0]?.hostId ?? 0, user.gids[0]?.hostId ?? 0);
    }),
  );
}

/** Mounts of those files, except where the container mounts something of its own. */
export function podFileMounts(sandbox: Sandbox, own: readonly Mount[], readonly: boolean): readonly Mount[] {
  const taken = new Set(own.map(({ destination }) => destination));
  return FILES.filter(({ destination }) => !taken.has(destination)).map(({ name, destination }) => ({
    destination,
    source: join(sandbox.directory, name),
    readonly,
    recursiveReadonly: false,
    propagation: 'private',
    selinuxRelabel: true,
    uidMappings: [],
    gidMappings: [],
    options: [],
  }));
}

async function readHostFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return ''; // a host need not have it
    throw error;
  }
}
