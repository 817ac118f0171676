import { runBackendContract } from '@crihub/contract-testkit';
import { KataRig } from './testing/kata-rig.ts';

/** Every promise boots machines of its own, under emulation where KVM does not work. */
const TIMEOUT_MS = 240_000;

/** One promise has a program ask for 256 MiB: the machine's kernel must not refuse it before the limit does. */
const MEMORY_BYTES = 512 * 1024 * 1024;

runBackendContract('kata', () => KataRig.start({ memory: MEMORY_BYTES }), {
  timeoutMs: TIMEOUT_MS,
  gaps: {
    'names a network namespace for a pod network, and none for the node network':
      'a virtual machine has no part in the network of its node',
  },
});
