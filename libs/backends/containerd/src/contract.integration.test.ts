import { runBackendContract } from '@crihub/contract-testkit';
import { describe, it } from 'vitest';
import { ContainerdRig } from './testing/containerd-rig.ts';

runBackendContract('containerd', () => ContainerdRig.start());

// Another containerd, such as one of version 2, with its shims beside it.
const other = process.env['CRIHUB_TEST_CONTAINERD'];
if (other === undefined) {
  describe('the contract, by another containerd', () => {
    it.skip('needs CRIHUB_TEST_CONTAINERD, the path of its program');
  });
} else {
  runBackendContract(other, () => ContainerdRig.start({ program: other }));
}
