/** Names of `linux/capability.h` by their number. */
const NAMES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;

/** All capabilities that this code knows; the kernel may have fewer. */
export const CAPABILITY_NAMES: readonly string[] = NAMES;

export interface Capabilities {
  /** What this process may do now. */
  readonly effective: ReadonlySet<string>;
  /** What a program that it starts can have at most. */
  readonly bounding: ReadonlySet<string>;
}

/** From `/proc/<pid>/status`. */
export const parseCapabilities = (status: string): Capabilities => ({
  effective: namesOf(field(status, 'CapEff')),
  bounding: namesOf(field(status, 'CapBnd')),
});

const field = (status: string, name: string): bigint =>
  BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);

const namesOf = (bits: bigint): ReadonlySet<string> =>
  new Set(NAMES.filter((_name, index) => ((bits >> BigInt(index)) & 1n) === 1n));
