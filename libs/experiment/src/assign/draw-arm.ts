import { createHash } from 'node:crypto';

/** Shares of the arms by name. Only their proportions count; an arm with share 0 gets nothing. */
export type ArmShares = Readonly<Record<string, number>>;

/**
 * The arm of a unit, by weighted rendezvous hashing: a pure function of salt, key and shares. When one
 * arm's share grows, units move to that arm alone, and no others move.
 * @throws RangeError if no arm has a share.
 */
export function drawArm(salt: string, key: string, shares: ArmShares): string {
  let best: { readonly arm: string; readonly score: number } | undefined;
  for (const [arm, share] of Object.entries(shares)) {
    if (share <= 0) continue;
    // An exponential variable with the share as its rate: the least of them is the arm's with that chance.
    const score = -Math.log(uniform(salt, key, arm)) / share;
    if (best === undefined || score < best.score) best = { arm, score };
  }
  if (best === undefined) throw new RangeError('no arm has a share');
  return best.arm;
}

/** Between 0 and 1, neither included; 48 bits of a hash. */
function uniform(...parts: readonly string[]): number {
  // As JSON, so that no two lists of parts look alike.
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  return (digest.readUIntBE(0, 6) + 0.5) / 2 ** 48;
}
