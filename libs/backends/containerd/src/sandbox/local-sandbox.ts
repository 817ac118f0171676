import type { SandboxId } from '@crihub/kernel';
import { notFound, wrongState } from '@crihub/service-sandbox';
import { z } from 'zod';
import type { Layout } from '../layout.ts';
import { readLocal } from '../records/local-file.ts';

/** How far a pod is in this boot. Without this file it is being made, or being removed. */
export const localSandbox = z.object({
  step: z.enum(['prepared', 'running', 'stopped']),
  cgroup: z.string(),
  /** The process that stands for the pod, if there is one. */
  pid: z.number().int().positive().optional(),
});
export type LocalSandbox = z.infer<typeof localSandbox>;

/** For the lookup of a pod from outside of its own operations. */
export async function runningSandbox(id: SandboxId, layout: Layout): Promise<LocalSandbox> {
  const local = await readLocal(layout.sandbox(id), localSandbox);
  if (local?.step === 'running') return local;
  if (local === undefined) throw notFound('create a container in', 'sandbox', id);
  throw wrongState('create a container in', 'sandbox', id, local.step, 'running');
}
