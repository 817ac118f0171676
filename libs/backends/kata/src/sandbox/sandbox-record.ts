import type { Sandbox } from '@crihub/contract';
import { storedProcess } from '@crihub/service-oci-containers';
import { z } from 'zod';
import { machineOrigin } from '../machine/machine-origin.ts';

const base = {
  sandbox: z.custom<Sandbox>((value) => typeof value === 'object' && value !== null && 'id' in value),
  /** The boot in which it was made; nothing of it survives that. */
  bootId: z.string(),
  /** Path of the pod's cgroup. */
  cgroup: z.string(),
  size: z.object({ memoryBytes: z.number(), cpus: z.number() }),
};

const live = {
  /** QEMU. */
  process: storedProcess,
  /** How its guest came to run. */
  origin: machineOrigin.default('boot'),
};

/** A pod as far as it has come. */
export const sandboxRecord = z.discriminatedUnion('step', [
  /** Written before anything is made, or when its machine was ended. */
  z.object({ ...base, step: z.enum(['preparing', 'stopped']) }),
  z.object({ ...base, ...live, step: z.literal('prepared') }),
  z.object({
    ...base,
    ...live,
    step: z.literal('running'),
    /** The guest's own; by it what runs in the guest is known again though the guest does not answer. */
    guestBootId: z.string(),
  }),
]);
export type SandboxRecord = z.infer<typeof sandboxRecord>;
export type LiveRecord = Extract<SandboxRecord, { readonly process: unknown }>;
