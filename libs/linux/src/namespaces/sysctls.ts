import { writeFileSync } from 'node:fs';
import { RuntimeError } from '@crihub/kernel';
import type { NamespaceType } from '../syscalls/namespaces.ts';

export type Sysctls = Readonly<Record<string, string>>;

const IPC_NAMES = new Set(['kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni', 'kernel.sem']);
const VALID_NAME = /^[a-zA-Z0-9_-]+([./][a-zA-Z0-9_:@-]+)+$/;

/** The type of namespace that a sysctl belongs to; `undefined` for one of the whole node. */
export function namespaceOfSysctl(name: string): NamespaceType | undefined {
  const dotted = dottedName(name);
  if (dotted.startsWith('net.')) return 'net';
  if (dotted.startsWith('kernel.shm') || dotted.startsWith('fs.mqueue.') || IPC_NAMES.has(dotted))
    return 'ipc';
  if (dotted === 'kernel.domainname') return 'uts';
  return undefined;
}

/**
 * The file of a sysctl. As sysctl(8) has it, the separator that comes first in the name, `.` or `/`,
 * separates, and the other one stands for itself with `.` and `/` exchanged.
 */
export function sysctlFile(name: string): string {
  if (!VALID_NAME.test(name))
    throw new RuntimeError('InvalidArgument', `"${name}" is not the name of a sysctl`);
  return `/proc/sys/${firstSeparator(name) === '/' ? name : exchangeSeparators(name)}`;
}

/**
 * Writes sysctls in the calling thread's namespaces.
 * @throws InvalidArgument, before anything is written, for one that belongs to no namespace in `allowed`:
 *   it would change the node.
 */
export function writeSysctls(sysctls: Sysctls, allowed: readonly NamespaceType[]): void {
  const writes = Object.entries(sysctls).map(([name, value]) => {
    const type = namespaceOfSysctl(name);
    if (type === undefined || !allowed.includes(type)) {
      throw new RuntimeError(
        'InvalidArgument',
        `sysctl "${name}" can't be set: it does not belong to a namespace of the pod's own`,
      );
    }
    return { name, value, file: sysctlFile(name) };
  });
  for (const { name, value, file } of writes) {
    try {
      writeFileSync(file, value);
    } catch (cause) {
      throw new RuntimeError('InvalidArgument', `sysctl "${name}" can't be set to "${value}"`, { cause });
    }
  }
}

const firstSeparator = (name: string): string => name[name.search(/[./]/)] ?? '.';

const exchangeSeparators = (name: string): string =>
  name.replaceAll(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));

const dottedName = (name: string): string => (firstSeparator(name) === '/' ? exchangeSeparators(name) : name);
