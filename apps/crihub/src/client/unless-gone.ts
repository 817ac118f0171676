import { isRuntimeError } from '@crihub/kernel';

/** The answer, or nothing about what has gone since it was listed. */
export async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isRuntimeError(error) && error.kind === 'NotFound') return undefined;
    throw error;
  }
}
