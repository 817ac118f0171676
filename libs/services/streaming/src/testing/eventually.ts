import { vi } from 'vitest';

/** Waits until the check passes; long, as machines may be busy. */
export const eventually = async (check: () => void | Promise<void>): Promise<void> =>
  await vi.waitFor(check, { timeout: 10_000, interval: 10 });
