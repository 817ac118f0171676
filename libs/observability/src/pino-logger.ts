import type { LogFields, Logger } from '@crihub/kernel';
import { pino, type Logger as Pino } from 'pino';

/** Writes one JSON object per line to standard output. */
export class PinoLogger implements Logger {
  readonly #pino: Pino;

  constructor(target: Pino) {
    this.#pino = target;
  }

  static create(options: { readonly level: string }): PinoLogger {
    return new PinoLogger(
      pino({
        level: options.level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      }),
    );
  }

  error(message: string, fields: LogFields = {}): void {
    this.#pino.error(fields, message);
  }
  warn(message: string, fields: LogFields = {}): void {
    this.#pino.warn(fields, message);
  }
  info(message: string, fields: LogFields = {}): void {
    this.#pino.info(fields, message);
  }
  debug(message: string, fields: LogFields = {}): void {
    this.#pino.debug(fields, message);
  }
  trace(message: string, fields: LogFields = {}): void {
    this.#pino.trace(fields, message);
  }
  child(fields: LogFields): Logger {
    return new PinoLogger(this.#pino.child(fields));
  }
}
