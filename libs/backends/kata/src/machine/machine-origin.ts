import { z } from 'zod';

/** How the guest of a machine came to run: booted, gone on from a template, or kept ready. */
export const machineOrigin = z.enum(['boot', 'restore', 'pool']);
export type MachineOrigin = z.infer<typeof machineOrigin>;
