import { describeError, errnoCode, kindOf } from '@crihub/kernel';

/** Runs what a subject needs. @returns undefined, having said why, if this machine can't run it. */
export async function unlessLacking<T>(
  name: string,
  say: (line: string) => void,
  start: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await start();
  } catch (error) {
    if (kindOf(error) !== 'FailedPrecondition' && errnoCode(error) !== 'ENOENT') throw error;
    say(`${name} is left out: ${describeError(error)}`);
    return undefined;
  }
}
