export { MachineRig } from './machine-rig.ts';
export { RigMachine } from './rig-machine.ts';
export { BusyboxImages } from './busybox-images.ts';
