import { runBackendContract } from '@crihub/contract-testkit';
import { ContainerdRig } from './testing/containerd-rig.ts';

runBackendContract('containerd', () => ContainerdRig.start());
