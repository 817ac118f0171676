import type { InjectionToken } from 'tsyringe';

/** A key of the composition root. Made by a function, since a bare `Symbol()` would lose its type. */
export const token = <T>(name: string): InjectionToken<T> => Symbol(name);
