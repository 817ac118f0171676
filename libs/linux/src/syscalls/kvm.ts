import { closeSync, openSync, constants } from 'node:fs';
import koffi from 'koffi';
import { cFunction, numberedCall } from './libc.ts';

/*
 * As much of KVM as running one small program in one virtual processor of an x86-64 host takes
 * (kernel: Documentation/virt/kvm/api.rst).
 */

const [CREATE_VM, CREATE_VCPU, VCPU_MMAP_SIZE, RUN] = [0xae01, 0xae41, 0xae04, 0xae80];
const [SET_MEMORY, SET_REGISTERS] = [0x4020ae46, 0x4090ae82];
const [GET_SEGMENTS, SET_SEGMENTS] = [0x8138ae83, 0x4138ae84];
/** `sizeof` of kvm_regs, kvm_sregs and kvm_userspace_memory_region. */
const [REGISTERS_BYTES, SEGMENTS_BYTES, REGION_BYTES] = [144, 312, 32];
/** Where in them `rip` and `rflags`, and the base and selector of `cs`, are. */
const [RIP, RFLAGS] = [128, 136];
const [CS_BASE, CS_SELECTOR] = [0, 12];
/** Of `struct kvm_run`: why the processor stopped, and that it did so for an `out` instruction. */
const EXIT_REASON = 8;
export const EXIT_IO = 2;

const PAGE = 0x1000;
const [PROT_READ_WRITE, MAP_SHARED] = [3, 1];
const SYS_MMAP_X86_64 = 9;

const ioctl = cFunction('ioctl', ['int', 'unsigned long', 'unsigned long']);
const ioctlWith = cFunction('ioctl', ['int', 'unsigned long', 'pointer']);
const mmap = numberedCall('mmap', SYS_MMAP_X86_64, [
  'unsigned long',
  'unsigned long',
  'int',
  'int',
  'int',
  'long',
]);

/**
 * Runs 16-bit machine code until the processor asks its host for something, and returns the exit's reason.
 * Blocks the thread, for ever if KVM does not work: only for a process that somebody else may kill.
 * @throws SystemCallError, or Node's error if the device can't be opened.
 */
export function runInVirtualMachine(device: string, code: Uint8Array): number {
  const kvm = openSync(device, constants.O_RDWR);
  try {
    const machine = ioctl(kvm, CREATE_VM, 0);
    const memory = giveMemory(machine, code);
    const processor = ioctl(machine, CREATE_VCPU, 0);
    const state = mmap(0, ioctl(kvm, VCPU_MMAP_SIZE, 0), PROT_READ_WRITE, MAP_SHARED, processor, 0);
    startAtCode(processor);
    ioctl(processor, RUN, 0);
    memory.fill(0); // it is the machine's until here, so it may not be collected
    return Number(koffi.decode(BigInt(state), EXIT_REASON, 'uint32_t'));
  } finally {
    closeSync(kvm);
  }
}

/** One page with the code, at the guest's address 0x1000. */
function giveMemory(machine: number, code: Uint8Array): Buffer {
  const memory = Buffer.alloc(2 * PAGE);
  const start = koffi.address(memory);
  const aligned = ((start + BigInt(PAGE - 1)) / BigInt(PAGE)) * BigInt(PAGE);
  memory.set(code, Number(aligned - start));
  const region = Buffer.alloc(REGION_BYTES);
  region.writeBigUInt64LE(BigInt(PAGE), 8);
  region.writeBigUInt64LE(BigInt(PAGE), 16);
  region.writeBigUInt64LE(aligned, 24);
  ioctlWith(machine, SET_MEMORY, region);
  return memory;
}

function startAtCode(processor: number): void {
  const segments = Buffer.alloc(SEGMENTS_BYTES);
  ioctlWith(processor, GET_SEGMENTS, segments);
  segments.writeBigUInt64LE(0n, CS_BASE);
  segments.writeUInt16LE(0, CS_SELECTOR);
  ioctlWith(processor, SET_SEGMENTS, segments);
  const registers = Buffer.alloc(REGISTERS_BYTES);
  registers.writeBigUInt64LE(BigInt(PAGE), RIP);
  registers.writeBigUInt64LE(2n, RFLAGS);
  ioctlWith(processor, SET_REGISTERS, registers);
}
