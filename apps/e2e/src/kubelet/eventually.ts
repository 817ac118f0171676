import { sleep } from '@crihub/kernel';

/** Asks again and again until the answer is not undefined. @throws if that takes longer than `timeoutMs`. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  timeoutMs = 10_000,
): Promise<T> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await sleep(25)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error(`${what}: not within ${String(timeoutMs)} ms`);
}
