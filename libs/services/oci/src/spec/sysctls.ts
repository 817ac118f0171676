import type { NamespaceChoices } from './spec-input.ts';

/** Prefixes of the sysctls that a namespace has of its own: namespaces(7). */
const OWNERS: readonly (readonly [kind: 'network' | 'ipc' | 'uts', prefixes: readonly string[]])[] = [
  ['network', ['net.']],
  ['ipc', ['kernel.msg', 'kernel.sem', 'kernel.shm', 'fs.mqueue.']],
  ['uts', ['kernel.domainname', 'kernel.hostname']],
];

/**
 * The pod's sysctls that belong to namespaces which this container makes. Those of namespaces that it
 * joins were set there once, by whoever made them; runtimes refuse those of the host's.
 */
export const containerSysctls = (
  sysctls: Readonly<Record<string, string>>,
  namespaces: NamespaceChoices,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(sysctls).filter(([name]) =>
      OWNERS.some(
        ([kind, prefixes]) =>
          namespaces[kind] === 'new' &&
          prefixes.some((prefix) => name.replaceAll('/', '.').startsWith(prefix)),
      ),
    ),
  );
