import { describe, expect, it } from 'vitest';
import type { Platform } from '../machine/qemu-arguments.ts';
import { templateKey, type TemplateSurroundings } from './template-key.ts';

const platform: Platform = {
  machine: 'microvm',
  accelerator: 'tcg',
  clockKhz: 2_600_000,
  kernel: '/guest/vmlinux',
  initramfs: '/guest/initramfs',
};
const size = { memoryBytes: 256 * 1024 * 1024, cpus: 1 };
const around: TemplateSurroundings = {
  bootId: 'one',
  qemu: 'QEMU 7.2',
  processor: 'a name, its features',
  guest: ['/guest/vmlinux:1', '/guest/initramfs:1'],
};

describe('the key of a template', () => {
  const key = templateKey(platform, size, around);

  it('stays the same for the same machine, and can be a name of a directory', () => {
    expect(templateKey({ ...platform }, { ...size }, { ...around })).toBe(key);
    expect(key).toMatch(/^[0-9a-f]{24}$/);
  });

  it.each<[string, () => string]>([
    ['the machine type', () => templateKey({ ...platform, machine: 'q35' }, size, around)],
    ['the accelerator', () => templateKey({ ...platform, accelerator: 'kvm' }, size, around)],
    ["the processor's clock", () => templateKey({ ...platform, clockKhz: 2_500_000 }, size, around)],
    ['the kernel', () => templateKey({ ...platform, kernel: '/other' }, size, around)],
    ['the memory', () => templateKey(platform, { ...size, memoryBytes: 512 * 1024 * 1024 }, around)],
    ['the processors', () => templateKey(platform, { ...size, cpus: 2 }, around)],
    ['the boot of the host', () => templateKey(platform, size, { ...around, bootId: 'two' })],
    ['QEMU', () => templateKey(platform, size, { ...around, qemu: 'QEMU 8' })],
    ["the host's processor", () => templateKey(platform, size, { ...around, processor: 'another' })],
    ['a file of the guest', () => templateKey(platform, size, { ...around, guest: ['/guest/vmlinux:2'] })],
  ])('changes with %s', (_what, other) => {
    expect(other()).not.toBe(key);
  });
});
