import { describe, expect, it } from 'vitest';
import { clockKhzOf } from './platform.ts';

const cpuinfo = (flags: string): string => `processor\t: 0\ncpu MHz\t\t: 2599.998\nflags\t\t: fpu ${flags}\n`;

describe('the rate of the time stamp counter', () => {
  it.each([
    { flags: 'constant_tsc nonstop_tsc hypervisor', khz: 2_599_998, why: 'is known in a virtual machine' },
    { flags: 'constant_tsc nonstop_tsc', khz: undefined, why: 'is not that of the moment on other machines' },
    { flags: 'hypervisor', khz: undefined, why: 'is unknown where it is not constant' },
  ])('$why', ({ flags, khz }) => expect(clockKhzOf(cpuinfo(flags))).toBe(khz));
});
