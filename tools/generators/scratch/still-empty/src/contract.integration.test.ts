import { runBackendContract } from '@crihub/contract-testkit';
import { GAPS } from './testing/gaps.ts';
import { StillEmptyRig } from './testing/still-empty-rig.ts';

runBackendContract('still-empty', () => StillEmptyRig.start(), { gaps: GAPS });
