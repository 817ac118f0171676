import { release } from 'node:os';

export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
  /** As `uname -r` has it. */
  readonly release: string;
}

export const runningKernel = (): KernelVersion => parseKernelVersion(release());

export function parseKernelVersion(text: string): KernelVersion {
  const [major, minor] = text.split(/[.-]/).map((part) => Number.parseInt(part, 10));
  return { major: major ?? 0, minor: minor ?? 0, release: text };
}

export const isAtLeast = (kernel: KernelVersion, major: number, minor: number): boolean =>
  kernel.major > major || (kernel.major === major && kernel.minor >= minor);
