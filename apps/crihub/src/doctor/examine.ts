import { describeError, withDeadline } from '@crihub/kernel';
import { type Check, error, type Finding } from './finding.ts';

const CHECK_MS = 20_000;

/** Runs all checks side by side; one that fails or hangs is a finding itself. */
export async function examine(checks: readonly Check[], limitMs = CHECK_MS): Promise<readonly Finding[]> {
  const findings = checks.map(async ({ name, run }) => {
    try {
      return await withDeadline(`checking ${name}`, limitMs, undefined, run);
    } catch (cause) {
      return [error(name, `could not be looked at: ${describeError(cause)}`, 'mend that first')];
    }
  });
  return (await Promise.all(findings)).flat();
}
