import { runBackendContract } from '@crihub/contract-testkit';
import { GAPS } from './testing/gaps.ts';
import { ProcessRig } from './testing/process-rig.ts';

runBackendContract('process', () => ProcessRig.start(), { gaps: GAPS });
