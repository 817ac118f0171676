import { z } from 'zod';

/** How far a pod is in this boot. Without this file it is being made, or being removed. */
export const localSandbox = z.object({
  step: z.enum(['prepared', 'running', 'stopped']),
  cgroup: z.string(),
  /** The process that stands for the pod, if there is one. */
  pid: z.number().int().positive().optional(),
});
export type LocalSandbox = z.infer<typeof localSandbox>;
