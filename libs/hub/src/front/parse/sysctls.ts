import type { SandboxNamespaces } from '@crihub/contract';
import { invalid } from './check.ts';

const IPC_SYSCTLS = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);

/** Only sysctls of namespaces that the pod has of its own: all others would change the node. */
export function parseSysctls(
  wire: Readonly<Record<string, string>>,
  namespaces: SandboxNamespaces,
): Readonly<Record<string, string>> {
  const sysctls: Record<string, string> = {};
  for (const [written, value] of Object.entries(wire)) {
    const name = written.replaceAll('/', '.');
    if (!/^[a-z0-9_]+(\.[A-Za-z0-9_-]+)+$/.test(name)) throw invalid(`sysctl '${written}' is no sysctl name`);
    checkOwner(name, namespaces);
    sysctls[name] = value;
  }
  return sysctls;
}

function checkOwner(name: string, namespaces: SandboxNamespaces): void {
  if (name.startsWith('net.')) {
    if (namespaces.network === 'node')
      throw invalid(`sysctl ${name} can't be set: the pod uses the node's network`);
  } else if (IPC_SYSCTLS.has(name) || name.startsWith('fs.mqueue.')) {
    if (namespaces.ipc === 'node')
      throw invalid(`sysctl ${name} can't be set: the pod uses the node's IPC namespace`);
  } else {
    throw invalid(`sysctl ${name} is not namespaced: it would change the whole node`);
  }
}
