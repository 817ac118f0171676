import { z } from 'zod';

/** What a handler of this backend may be configured with. */
export const stillEmptyOptions = z.strictObject({});

/** The handler's options with their defaults filled in. */
export type StillEmptyOptions = z.output<typeof stillEmptyOptions>;
