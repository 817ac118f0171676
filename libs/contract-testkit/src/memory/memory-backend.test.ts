import { runBackendContract } from '../kit/run-backend-contract.ts';
import { MemoryRig } from './memory-rig.ts';

runBackendContract('the memory backend', () => MemoryRig.start());
