import { kindOf, RuntimeError } from '@crihub/kernel';

type Thing = 'container' | 'sandbox';

export const notFound = (operation: string, thing: Thing, id: string): RuntimeError =>
  new RuntimeError('NotFound', `this backend has no ${thing} ${id}`, {
    operation: `${operation} ${thing}`,
    id,
  });

export const wrongState = (
  operation: string,
  thing: Thing,
  id: string,
  state: string,
  wanted: string,
): RuntimeError =>
  new RuntimeError('FailedPrecondition', `${thing} ${id} is ${state}, and must be ${wanted}`, {
    operation: `${operation} ${thing}`,
    id,
  });

/** The call's answer, or nothing if what it is about does not exist. */
export async function ifFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (kindOf(error) === 'NotFound') return undefined;
    throw error;
  }
}
