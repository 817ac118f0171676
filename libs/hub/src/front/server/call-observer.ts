import type { ErrorKind } from '@crihub/kernel';

/** How a call ended. */
export type CallCode = 'OK' | ErrorKind;

/** Measures calls. Must not throw. */
export interface CallObserver {
  /** A call has arrived. Each is followed by one `observe` of the same method. */
  started(method: string): void;
  /**
   * It has ended, so many seconds later.
   * @param handler of the pod that it was about; empty if it was about none, or one that is not known.
   */
  observe(method: string, code: CallCode, seconds: number, handler: string): void;
}

export const ignoreCalls: CallObserver = { started: () => undefined, observe: () => undefined };
