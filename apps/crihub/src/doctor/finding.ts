export type Level = 'ok' | 'warning' | 'error';

/** One line of the doctor's report. */
export interface Finding {
  /** What was looked at: `kernel`, `kvm`. */
  readonly check: string;
  readonly level: Level;
  /** What was found. */
  readonly message: string;
  /** What to do; absent if nothing is to be done. */
  readonly advice?: string;
}

/** Something that is looked at on its own; a rejection is a finding too. */
export interface Check {
  readonly name: string;
  readonly run: (signal: AbortSignal) => Promise<readonly Finding[]>;
}

export const ok = (check: string, message: string): Finding => ({ check, level: 'ok', message });

export const warning = (check: string, message: string, advice: string): Finding => ({
  check,
  level: 'warning',
  message,
  advice,
});

export const error = (check: string, message: string, advice: string): Finding => ({
  check,
  level: 'error',
  message,
  advice,
});
