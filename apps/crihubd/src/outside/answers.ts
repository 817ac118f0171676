import { isFullId } from '@crihub/kernel';
import { z } from 'zod';

/*
 * Those answers of a backend that the hub acts on without having asked for anything in particular: a wrong
 * one could make it forget pods.
 */

const id = z.string().refine(isFullId, 'an id of 64 hex digits');
const capabilities = z.looseObject({ hostNetwork: z.boolean(), privileged: z.boolean() });

export const healthSchema = z.discriminatedUnion('healthy', [
  z.looseObject({ healthy: z.literal(true), version: z.string(), capabilities }),
  z.looseObject({ healthy: z.literal(false), reason: z.string().min(1), message: z.string() }),
]);

export const inventorySchema = z.object({
  sandboxes: z.array(z.looseObject({ id, state: z.enum(['partial', 'prepared', 'running', 'stopped']) })),
  containers: z.array(
    z.looseObject({
      id,
      sandboxId: id,
      state: z.enum(['partial', 'created', 'running', 'exited']),
    }),
  ),
});
