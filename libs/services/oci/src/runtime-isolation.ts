import { basename } from 'node:path';
import type { Isolation } from '@crihub/contract';

/**
 * How an OCI runtime isolates, by the name of its program, of a shim or of an engine's runtime: `runc`,
 * `/usr/bin/runsc`, `io.containerd.kata.v2`. One that is not known is taken for the weakest.
 */
export function runtimeIsolation(name: string): Isolation {
  const words = basename(name).split(/[.-]/);
  if (words.includes('kata')) return 'virtualMachine';
  return words.includes('runsc') || words.includes('gvisor') ? 'userspaceKernel' : 'namespaces';
}
