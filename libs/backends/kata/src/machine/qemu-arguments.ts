import type { MachineFiles } from './machine-files.ts';

/** How machines of this node are made. */
export interface Platform {
  readonly machine: 'microvm' | 'q35';
  readonly accelerator: 'kvm' | 'tcg';
  /** Of the processor's time stamp counter, where it must be told: microvm has no other clock under emulation. */
  readonly clockKhz: number | undefined;
  /** Absolute paths. */
  readonly kernel: string;
  readonly initramfs: string;
}

export interface MachineSize {
  readonly memoryBytes: number;
  readonly cpus: number;
}

export interface MachineShares {
  /** Directories of this host. */
  readonly files: string;
  readonly reports: string;
}

/** The mount tags by which the guest finds its shares. */
export const SHARE_TAGS = { files: 'files', reports: 'reports' } as const;

/** The tap device of a machine, in the network namespace of its pod. */
export const TAP = 'tap0';

/** Kept of what the guest prints; the oldest goes first. */
const CONSOLE_BYTES = 64 * 1024;
const MEBIBYTE = 1024 * 1024;

/** QEMU's command line. */
export function qemuArguments(
  platform: Platform,
  { memoryBytes, cpus }: MachineSize,
  files: MachineFiles,
  shares: MachineShares,
): readonly string[] {
  const { machine, accelerator, kernel, initramfs } = platform;
  const bus = machine === 'microvm' ? 'device' : 'pci';
  return [
    ...['-M', machine === 'microvm' ? 'microvm,pit=off,pic=off,rtc=on' : 'q35'],
    ...['-accel', accelerator, '-cpu', 'max'],
    ...['-m', String(Math.ceil(memoryBytes / MEBIBYTE)), '-smp', String(cpus)],
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    // A guest that has panicked or shut down stays, stopped, for its console to be read.
    ...['-no-reboot', '-no-shutdown'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-kernel', kernel, '-initrd', initramfs, '-append', kernelCommandLine(platform)],
    // In memory and bounded: a guest may print as much as it likes.
    ...['-chardev', `ringbuf,id=console,size=${String(CONSOLE_BYTES)}`, '-serial', 'chardev:console'],
    ...['-qmp', `unix:${files.qmp},server=on,wait=off`],
    ...[
      '-device',
      `virtio-serial-${bus}`,
      '-chardev',
      `socket,id=channel,path=${files.channel},server=on,wait=off`,
    ],
    ...['-device', 'virtserialport,chardev=channel,name=channel,nr=1'],
    ...share(SHARE_TAGS.files, `path=${shares.files},security_model=none,multidevs=remap`, bus),
    // Nothing but plain files comes of what the guest makes here.
    ...share(SHARE_TAGS.reports, `path=${shares.reports},security_model=mapped-xattr`, bus),
    ...['-netdev', `tap,id=net,ifname=${TAP},script=no,downscript=no,vhost=off`],
    ...['-device', `virtio-net-${bus},netdev=net`],
  ];
}

const share = (tag: string, settings: string, bus: string): readonly string[] => [
  ...['-fsdev', `local,id=${tag},${settings}`],
  ...['-device', `virtio-9p-${bus},fsdev=${tag},mount_tag=${tag}`],
];

function kernelCommandLine({ clockKhz }: Platform): string {
  const clock = clockKhz === undefined ? [] : [`tsc_early_khz=${String(clockKhz)}`, 'tsc=reliable'];
  return [
    'console=ttyS0 quiet panic=-1 reboot=t random.trust_cpu=on rcupdate.rcu_expedited=1',
    ...clock,
  ].join(' ');
}
