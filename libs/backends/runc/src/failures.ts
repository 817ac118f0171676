import { RuntimeError } from '@crihub/kernel';

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
