import type { Container, Resources } from '@crihub/contract';
import { z } from 'zod';
import { storedProcess } from './stored-process.ts';

// What the hub gave is kept as it is: it is the hub's, checked before it came here.
const container = z.custom<Container>(
  (value) => typeof value === 'object' && value !== null && 'id' in value,
);

const base = {
  container,
  /** The boot in which it was made; nothing of it survives that. */
  bootId: z.string(),
  cgroup: z.string(),
};

/** A container as far as it has come. */
export const containerRecord = z.discriminatedUnion('step', [
  /** Written before anything is made. */
  z.object({ ...base, step: z.literal('creating') }),
  z.object({
    ...base,
    step: z.literal('created'),
    init: storedProcess,
    monitor: storedProcess,
    /** Limits that were set later than at creation. */
    limits: z.custom<Resources>((value) => typeof value === 'object' && value !== null).optional(),
    /** Nanoseconds since 1970; absent until the program was let go, as far as we know. */
    startedAt: z.string().optional(),
  }),
  /** Its program can't be run, which the runtime found out while creating it. */
  z.object({ ...base, step: z.literal('unrunnable'), message: z.string(), failedAt: z.string() }),
]);
export type ContainerRecord = z.infer<typeof containerRecord>;
export type CreatedRecord = Extract<ContainerRecord, { step: 'created' }>;
