import { kindOf } from '@crihub/kernel';

/** The call's answer, or nothing if what it is about does not exist. */
export async function ifFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (kindOf(error) === 'NotFound') return undefined;
    throw error;
  }
}
