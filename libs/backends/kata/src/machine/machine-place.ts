import { join } from 'node:path';
import { podShareDirectories } from '../guest/pod-share.ts';
import { machineFiles, type MachineFiles } from './machine-files.ts';
import type { MachineShares } from './qemu-arguments.ts';

/** What a machine has on this host, with and without a pod. */
export interface MachinePlace {
  readonly files: MachineFiles;
  readonly shares: MachineShares;
}

/** Below a directory of the machine's own, which may become its pod's by a new name. */
export const machinePlace = (directory: string): MachinePlace => ({
  files: machineFiles(join(directory, 'vm')),
  shares: podShareDirectories(directory),
});
