/** What stands between a pod and the node, the weakest first. */
export const ISOLATIONS = ['namespaces', 'userspaceKernel', 'virtualMachine'] as const;

/**
 * `namespaces`: pods share the node's kernel. `userspaceKernel`: a program serves their system calls
 * (gVisor). `virtualMachine`: they have a kernel of their own.
 */
export type Isolation = (typeof ISOLATIONS)[number];

export const isWeaker = (one: Isolation, other: Isolation): boolean =>
  ISOLATIONS.indexOf(one) < ISOLATIONS.indexOf(other);
