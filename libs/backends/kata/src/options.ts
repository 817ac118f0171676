import {
  absolutePathOption,
  millisecondsOption,
  programOption,
  rlimitsOption,
} from '@crihub/service-sandbox';
import { z } from 'zod';

const MEBIBYTE = 1024 * 1024;
const UNITS: Readonly<Record<string, number>> = { Mi: 1, Gi: 1024 };

/** A size as Kubernetes writes it: `256Mi`, `1Gi`. */
const sizeOption = z
  .string()
  .regex(/^[1-9]\d*(Mi|Gi)$/, 'must be a size such as 256Mi or 1Gi')
  .transform((text) => Number(text.slice(0, -2)) * (UNITS[text.slice(-2)] ?? 1) * MEBIBYTE);

/** What a handler of this backend may be configured with. */
export const kataOptions = z.strictObject({
  /** Memory of a machine for the guest itself; the limits of the pod come on top. */
  memory: sizeOption.default(256 * MEBIBYTE),
  /** Processors of a machine; a pod with a higher limit gets as many as it may use. */
  cpus: z.number().int().min(1).max(64).default(1),
  /** Where `vmlinux` and `initramfs` are, as `npm run guest` builds them. */
  guestDirectory: absolutePathOption.default('/var/lib/crihub/guest'),
  /** QEMU; a name is looked up in PATH. */
  qemuPath: programOption.default('qemu-system-x86_64'),
  /** `auto`: `microvm` where the rate of the processor's clock is known, `q35` elsewhere. */
  machine: z.enum(['auto', 'microvm', 'q35']).default('auto'),
  /** `auto`: `kvm` where it was seen to run code, `tcg` (emulation) elsewhere. */
  accelerator: z.enum(['auto', 'kvm', 'tcg']).default('auto'),
  /** Time for a machine to boot and take commands, in ms; it is started once more if it does not. */
  bootTimeoutMs: millisecondsOption.default(60_000),
  /**
   * Boot a guest once, save it, and let the machines of pods go on from there: sooner, and with memory that they
   * share. It takes the disk as much as a machine has memory, at most, for each size that pods have; four are kept.
   */
  template: z.boolean().default(true),
  /** Machines kept ready for pods without limits of their own. They take memory, and some time of the processor. */
  warmPool: z.number().int().min(0).max(64).default(0),
  /** Where named network namespaces are pinned, for `ip netns` to see. */
  networkNamespaceDirectory: absolutePathOption.default('/run/netns'),
  /** Limits of processes by type, `RLIMIT_NOFILE` for one; the guest's own where absent. */
  rlimits: rlimitsOption.default([]),
  /** Time for the OCI runtime in the guest to create a container, in ms. */
  createTimeoutMs: millisecondsOption.default(60_000),
  /** Time for any other call into the guest, in ms. */
  callTimeoutMs: millisecondsOption.default(30_000),
  /** Time between two looks at the container monitors, in ms. */
  monitorIntervalMs: millisecondsOption.default(2_000),
});

/** The handler's options with their defaults filled in. */
export type KataOptions = z.output<typeof kataOptions>;

/** What the node decides for every handler of this backend. */
export interface KataPlacement {
  /** Survives a reboot: one small record for each pod and container. */
  readonly stateDirectory: string;
  /** Of this boot alone: sockets, keys, what pods share. Its path has 60 characters at most. */
  readonly runDirectory: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
}
