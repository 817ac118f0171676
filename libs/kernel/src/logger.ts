export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Structured logging: a constant message, variables as fields. No payloads, no credentials.
 * error: an operator must act. warn: something failed and was dealt with. info: one line per change of
 * the node (a pod started). debug: steps within one. trace: reads.
 */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  trace(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

export const silentLogger: Logger = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  trace: () => undefined,
  child: () => silentLogger,
};
