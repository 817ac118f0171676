import { z } from 'zod';

/** A path in a handler's options. */
export const absolutePathOption = z.string().regex(/^\//, 'must be an absolute path');

/** A program in a handler's options, which is looked up in PATH if it is a name. */
export const programOption = z
  .string()
  .regex(/^(\/.+|[^/\s]+)$/, 'must be an absolute path or the name of a program in PATH');

/** A time in a handler's options, in ms: from a tenth of a second to ten minutes. */
export const millisecondsOption = z.number().int().min(100).max(600_000);

/** Limits of processes in a handler's options. */
export const rlimitsOption = z.array(
  z.strictObject({
    type: z.string().regex(/^RLIMIT_[A-Z]+$/, 'must be a name such as RLIMIT_NOFILE'),
    soft: z.number().int().min(0),
    hard: z.number().int().min(0),
  }),
);
