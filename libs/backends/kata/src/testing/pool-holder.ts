import { sleep } from '@crihub/kernel';
import { KataRig } from './kata-rig.ts';

/** A process to be killed: it keeps a machine ready in the directory that it is given, and says so. */
const rig = await KataRig.start({ template: true, warmPool: 1 }, process.argv[2]);
while (rig.backend.warmPool?.ready !== 1) await sleep(50);
console.log('ready');
await sleep(600_000);
