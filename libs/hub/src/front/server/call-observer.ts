import type { ErrorKind } from '@crihub/kernel';

/** How a call ended. */
export type CallCode = 'OK' | ErrorKind;

/** Measures calls. Must not throw. */
export interface CallObserver {
  /** A call has arrived. Each is followed by one `observe` of the same method. */
  started(method: string): void;
  /** Its handler has ended, so many seconds later. */
  observe(method: string, code: CallCode, seconds: number): void;
}

export const ignoreCalls: CallObserver = { started: () => undefined, observe: () => undefined };
