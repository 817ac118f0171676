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

/** A file of this host that holds the memory of a machine. */
export interface MemoryFile {
  readonly path: string;
  /** `shared`: what the machine writes is in the file. `private`: it stays the machine's own, page by page. */
  readonly use: 'shared' | 'private';
}

export interface MachineDescription {
  readonly size: MachineSize;
  readonly name: string;
  readonly files: MachineFiles;
  readonly shares: MachineShares;
  /** Absent: memory of its own, empty at first. */
  readonly memory?: MemoryFile;
  /** `kernel`: boots. `state`: waits for the state of a machine that was saved, devices and all. */
  readonly begin: 'kernel' | 'state';
}

/** The mount tags by which the guest finds its shares. */
export const SHARE_TAGS = { files: 'files', reports: 'reports' } as const;

/** The tap device of a machine, in the network namespace of its pod. */
export const TAP = 'tap0';

/** QEMU's own name for its side of the control channel. */
export const CHANNEL = 'channel';

/** Kept of what the guest prints; the oldest goes first. */
const CONSOLE_BYTES = 64 * 1024;
const MEBIBYTE = 1024 * 1024;
/** In MiB, what QEMU keeps of translated code. By itself it would take an eighth of the host's memory, up to 1 GiB. */
const EMULATION = 'tcg,tb-size=48';

/** QEMU's command line. */
export function qemuArguments(platform: Platform, description: MachineDescription): readonly string[] {
  const { size, name, files, shares, memory, begin } = description;
  const { machine, accelerator } = platform;
  const bus = machine === 'microvm' ? 'device' : 'pci';
  const type = machine === 'microvm' ? 'microvm,pit=off,pic=off,rtc=on' : 'q35';
  const megabytes = Math.ceil(size.memoryBytes / MEBIBYTE);
  return [
    ...['-name', name],
    ...(memory === undefined
      ? ['-M', type]
      : ['-M', `${type},memory-backend=ram`, ...inFile(memory, megabytes)]),
    ...['-accel', accelerator === 'tcg' ? EMULATION : accelerator, '-cpu', 'max'],
    ...['-m', String(megabytes), '-smp', String(size.cpus)],
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    // A guest that has panicked or shut down stays, stopped, for its console to be read.
    ...['-no-reboot', '-no-shutdown'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...(begin === 'kernel' ? kernelOf(platform) : ['-incoming', 'defer']),
    // In memory and bounded: a guest may print as much as it likes.
    ...['-chardev', `ringbuf,id=console,size=${String(CONSOLE_BYTES)}`, '-serial', 'chardev:console'],
    ...['-qmp', `unix:${files.qmp},server=on,wait=off`],
    ...['-chardev', `socket,id=${CHANNEL},path=${files.channel},server=on,wait=off`],
    ...['-device', `virtio-serial-${bus}`, '-device', `virtserialport,chardev=${CHANNEL},name=channel,nr=1`],
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

const inFile = ({ path, use }: MemoryFile, megabytes: number): readonly string[] => [
  '-object',
  `memory-backend-file,id=ram,size=${String(megabytes)}M,mem-path=${path},share=${use === 'shared' ? 'on' : 'off'}`,
];

function kernelOf({ kernel, initramfs, clockKhz }: Platform): readonly string[] {
  const clock = clockKhz === undefined ? [] : [`tsc_early_khz=${String(clockKhz)}`, 'tsc=reliable'];
  const words = [
    'console=ttyS0 quiet panic=-1 reboot=t random.trust_cpu=on rcupdate.rcu_expedited=1',
    ...clock,
  ];
  return ['-kernel', kernel, '-initrd', initramfs, '-append', words.join(' ')];
}
