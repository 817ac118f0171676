/** A program of its own, as KVM may never return: runs a little machine code and prints how it ended. */
import { describeError } from '@crihub/kernel';
import { EXIT_IO, runInVirtualMachine } from '../syscalls/kvm.ts';
import { KVM_WORKS } from './verdict.ts';

/*
 * mov ecx, 100000000; again: dec ecx; jnz again; mov al, 'K'; out 0xe9, al
 * A processor does this in a tenth of a second. Nested virtual machines exist whose KVM takes the device,
 * the machine and a handful of instructions, and then emulates or hangs: those need minutes, or for ever.
 */
const COUNT_DOWN = [0x66, 0xb9, 0x00, 0xe1, 0xf5, 0x05, 0x66, 0x49, 0x75, 0xfc, 0xb0, 0x4b, 0xe6, 0xe9];

try {
  if (process.arch !== 'x64') throw new Error(`trying KVM is not possible yet on ${process.arch}`);
  const reason = runInVirtualMachine('/dev/kvm', Uint8Array.from(COUNT_DOWN));
  console.log(reason === EXIT_IO ? KVM_WORKS : `the virtual processor stopped for reason ${String(reason)}`);
} catch (error) {
  console.log(describeError(error));
}
