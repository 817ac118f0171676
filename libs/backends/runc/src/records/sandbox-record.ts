import type { Sandbox } from '@crihub/contract';
import { storedProcess } from '@crihub/service-oci-containers';
import { z } from 'zod';

const sandbox = z.custom<Sandbox>((value) => typeof value === 'object' && value !== null && 'id' in value);

const base = {
  sandbox,
  /** The boot in which it was made; nothing of it survives that. */
  bootId: z.string(),
  /** Path of the pod's cgroup. */
  cgroup: z.string(),
};

/** A pod as far as it has come. */
export const sandboxRecord = z.discriminatedUnion('step', [
  /** Written before anything is made, or before the pause process is. */
  z.object({ ...base, step: z.enum(['preparing', 'prepared', 'starting', 'stopped']) }),
  z.object({
    ...base,
    step: z.literal('running'),
    /** What holds the PID namespace that the pod's containers share. */
    pause: z.object({ init: storedProcess, monitor: storedProcess }).optional(),
  }),
]);
export type SandboxRecord = z.infer<typeof sandboxRecord>;
