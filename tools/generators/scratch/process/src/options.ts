import { z } from 'zod';

/** What a handler of this backend may be configured with. */
export const processOptions = z.strictObject({});

/** The handler's options with their defaults filled in. */
export type ProcessOptions = z.output<typeof processOptions>;
