import { runBackendContract } from '@crihub/contract-testkit';
import { RuncRig } from './testing/runc-rig.ts';

runBackendContract('crun', () => RuncRig.start({ runtime: 'crun' }));
runBackendContract('runc', () => RuncRig.start({ runtime: 'runc' }));
