import { RuntimeError } from '@crihub/kernel';

/** What Docker Engine has no words for. */
export const inexpressible = (id: string, what: string, instead: string): RuntimeError =>
  new RuntimeError('Unimplemented', `Docker Engine can't ${what}; ${instead}`, { id });
