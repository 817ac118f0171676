export { RigMachine } from './rig-machine.ts';
