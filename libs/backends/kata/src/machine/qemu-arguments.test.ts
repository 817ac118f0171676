import { describe, expect, it } from 'vitest';
import { machineFiles } from './machine-files.ts';
import { type MachineDescription, type Platform, qemuArguments } from './qemu-arguments.ts';

const platform: Platform = {
  machine: 'microvm',
  accelerator: 'tcg',
  clockKhz: 2_600_000,
  kernel: '/guest/vmlinux',
  initramfs: '/guest/initramfs',
};
const description: MachineDescription = {
  size: { memoryBytes: 256 * 1024 * 1024, cpus: 2 },
  name: 'crihub-one',
  files: machineFiles('/pods/one/vm'),
  shares: { files: '/pods/one/files', reports: '/pods/one/reports' },
  begin: 'kernel',
};
const line = (changes: Partial<Platform> = {}, other: Partial<MachineDescription> = {}): string =>
  qemuArguments({ ...platform, ...changes }, { ...description, ...other }).join(' ');

describe("QEMU's command line", () => {
  it('has the size and the sockets of the machine', () => {
    expect(line()).toContain('-m 256 -smp 2');
    expect(line()).toContain('-qmp unix:/pods/one/vm/qmp,server=on,wait=off');
    expect(line()).toContain('socket,id=channel,path=/pods/one/vm/channel,server=on,wait=off');
  });

  it('tells the rate of the clock where the machine has no other', () => {
    expect(line()).toContain('tsc_early_khz=2600000 tsc=reliable');
    expect(line({ clockKhz: undefined })).not.toContain('tsc');
  });

  it('puts the devices on the bus that the machine type has', () => {
    expect(line()).toContain('virtio-net-device');
    expect(line({ machine: 'q35' })).toContain('virtio-net-pci');
  });

  it('bounds the console, and lets reports be plain files only', () => {
    expect(line()).toContain('ringbuf,id=console,size=65536');
    expect(line()).toContain('path=/pods/one/reports,security_model=mapped-xattr');
  });

  it('gives a machine whose state is saved its devices, and no kernel', () => {
    const saved = line({}, { begin: 'state', memory: { path: '/templates/memory', use: 'private' } });
    expect(saved).toContain('-incoming defer');
    expect(saved).not.toMatch(/-kernel|-initrd|-append/);
    expect(saved).toContain('size=256M,mem-path=/templates/memory,share=off');
    expect(saved).toContain('rtc=on,memory-backend=ram');
  });

  it('differs between a machine that is saved and those restored from it in nothing that the guest sees', () => {
    const devices = (text: string): readonly string[] =>
      text.match(/-device \S+|-smp \d+|-m \d+|-cpu \S+/g) ?? [];
    const model = line({}, { memory: { path: '/templates/memory', use: 'shared' } });
    const clone = line({}, { begin: 'state', memory: { path: '/templates/memory', use: 'private' } });
    expect(devices(model)).toEqual(devices(clone));
    expect(model).toContain('share=on');
  });
});
