import { RuntimeError } from '@crihub/kernel';

type Thing = 'container' | 'sandbox';

export const notFound = (operation: string, thing: Thing, id: string): RuntimeError =>
  new RuntimeError('NotFound', `Docker Engine has no ${thing} ${id} of ours`, {
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

/** What Docker Engine has no words for. */
export const inexpressible = (id: string, what: string, instead: string): RuntimeError =>
  new RuntimeError('Unimplemented', `Docker Engine can't ${what}; ${instead}`, { id });
