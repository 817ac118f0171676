import { randomInt } from 'node:crypto';

/** The same in random order; every order is equally likely (Fisher and Yates). */
export function shuffled<T>(items: readonly T[]): readonly T[] {
  const result = [...items];
  for (let end = result.length - 1; end > 0; end -= 1) {
    const other = randomInt(end + 1);
    const item = result[end] as T;
    result[end] = result[other] as T;
    result[other] = item;
  }
  return result;
}
