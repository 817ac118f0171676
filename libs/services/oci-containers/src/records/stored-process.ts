import { z } from 'zod';

/** A `ProcessRef` as records keep it. */
export const storedProcess = z.object({
  pid: z.number().int().positive(),
  startTime: z.number().int().nonnegative(),
});
