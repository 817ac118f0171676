import { RuntimeError } from '@crihub/kernel';

type Thing = 'container' | 'sandbox';

/** What an operation answers that needs a container or pod which is not there. */
export const notFound = (operation: string, thing: Thing, id: string): RuntimeError =>
  new RuntimeError('NotFound', `this backend has no ${thing} ${id}`, {
    operation: `${operation} ${thing}`,
    id,
  });

/** What an operation answers that needs another state: `state` is what it is, `wanted` what it must be. */
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
