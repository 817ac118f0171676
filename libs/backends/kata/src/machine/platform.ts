import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import { tryKvm } from '@crihub/linux';
import { run } from '@crihub/transport/process';
import type { KataOptions } from '../options.ts';
import type { Platform } from './qemu-arguments.ts';

export type PlatformOptions = Pick<KataOptions, 'machine' | 'accelerator' | 'guestDirectory'>;

/** Decides how machines of this node are made. @throws FailedPrecondition if there is no guest to start. */
export async function choosePlatform(options: PlatformOptions, signal: AbortSignal): Promise<Platform> {
  const { kernel, initramfs } = await findGuest(options.guestDirectory);
  const accelerator = await chooseAccelerator(options, signal);
  const khz = clockKhzOf(await readFile('/proc/cpuinfo', 'utf8'));
  const machine = chooseMachine(options, accelerator, khz);
  const clockKhz = machine === 'microvm' && accelerator === 'tcg' ? khz : undefined;
  return { machine, accelerator, clockKhz, kernel, initramfs };
}

/** @throws FailedPrecondition with what to do if there is no guest. */
export async function findGuest(directory: string): Promise<Pick<Platform, 'kernel' | 'initramfs'>> {
  const kernel = join(directory, 'vmlinux');
  const initramfs = join(directory, 'initramfs');
  try {
    await Promise.all([access(kernel), access(initramfs)]);
    return { kernel, initramfs };
  } catch (cause) {
    const message =
      `there is no guest for virtual machines in ${directory}: build it with ` +
      `\`npm run guest -- --output ${directory}\`, or set the handler's guestDirectory`;
    throw new RuntimeError('FailedPrecondition', message, { reason: 'GuestMissing', cause });
  }
}

async function chooseAccelerator(
  { accelerator }: PlatformOptions,
  signal: AbortSignal,
): Promise<Platform['accelerator']> {
  if (accelerator !== 'auto') return accelerator;
  return (await tryKvm(run, signal)).usable ? 'kvm' : 'tcg';
}

function chooseMachine(
  { machine }: PlatformOptions,
  accelerator: Platform['accelerator'],
  khz: number | undefined,
): Platform['machine'] {
  if (machine === 'microvm' && accelerator === 'tcg' && khz === undefined) {
    const message =
      'the machine type microvm needs the rate of the time stamp counter under emulation, which this host does ' +
      "not tell: set the handler's machine to q35";
    throw new RuntimeError('FailedPrecondition', message, { reason: 'ClockUnknown' });
  }
  if (machine !== 'auto') return machine;
  return accelerator === 'kvm' || khz !== undefined ? 'microvm' : 'q35';
}

/**
 * The rate of the time stamp counter, as a hypervisor's guest knows it. On other machines `cpu MHz` is the
 * frequency of the moment, which is another matter.
 */
export function clockKhzOf(cpuinfo: string): number | undefined {
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(' ') ?? [];
  const mhz = /^cpu MHz\s*:\s*([\d.]+)$/m.exec(cpuinfo)?.[1];
  const isConstant = ['hypervisor', 'constant_tsc', 'nonstop_tsc'].every((flag) => flags.includes(flag));
  return isConstant && mhz !== undefined ? Math.round(Number(mhz) * 1000) : undefined;
}
