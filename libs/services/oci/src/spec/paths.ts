import type { ContainerSecurity } from '@crihub/contract';

/** What a container must not see, where the CRI request names nothing: as with Docker and containerd. */
export const DEFAULT_MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

/** What a container must not change, where the CRI request names nothing. */
export const DEFAULT_READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

type Paths = Pick<ContainerSecurity, 'maskedPaths' | 'readonlyPaths'>;

/** A privileged container sees and changes everything. */
export const protectedPaths = (security: ContainerSecurity): Paths =>
  security.privileged
    ? { maskedPaths: [], readonlyPaths: [] }
    : { maskedPaths: security.maskedPaths, readonlyPaths: security.readonlyPaths };
