import { runBackendContract } from '@crihub/contract-testkit';
import { KataRig } from './testing/kata-rig.ts';

/** Every promise boots machines of its own, under emulation where KVM does not work. */
const TIMEOUT_MS = 240_000;

runBackendContract('kata', () => KataRig.start(), {
  timeoutMs: TIMEOUT_MS,
  gaps: {
    'names a network namespace for a pod network, and none for the node network':
      'a virtual machine has no part in the network of its node',
  },
});
