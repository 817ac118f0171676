import { buildGuest, GUEST_DIRECTORY } from './build.ts';

/**
 * The handler whose pods are virtual machines needs their guest: built, unless it is there.
 * @throws FailedPrecondition as `buildGuest`.
 */
export async function guestOf(
  handler: string,
  say: (line: string) => void,
): Promise<{ readonly guestDirectory?: string }> {
  if (handler !== 'kata') return {};
  await buildGuest(GUEST_DIRECTORY, say);
  return { guestDirectory: GUEST_DIRECTORY };
}
