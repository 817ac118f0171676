import { runEngineContract } from './testing/engine-contract.ts';

runEngineContract({});
