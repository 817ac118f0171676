import type { LogFields, Logger } from '@crihub/kernel';
import { type DestinationStream, pino, type Logger as Pino } from 'pino';

/** Writes one JSON object per line to standard output. */
export class PinoLogger implements Logger {
  readonly #pino: Pino;
  /** One for a logger and all its children. pino's own level is copied to each child when that is made. */
  readonly #threshold: { level: number };

  private constructor(target: Pino, threshold: { level: number }) {
    this.#pino = target;
    this.#threshold = threshold;
  }

  static create(options: { readonly level: string; readonly destination?: DestinationStream }): PinoLogger {
    const target = pino(
      {
        level: 'trace',
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      options.destination ?? pino.destination(1),
    );
    const logger = new PinoLogger(target, { level: 0 });
    logger.setLevel(options.level);
    return logger;
  }

  /** From now on the least level that is written, by this logger and all its children. */
  setLevel(level: string): void {
    this.#threshold.level = pino.levels.values[level] ?? 0;
  }

  error(message: string, fields: LogFields = {}): void {
    if (this.#writes('error')) this.#pino.error(fields, message);
  }
  warn(message: string, fields: LogFields = {}): void {
    if (this.#writes('warn')) this.#pino.warn(fields, message);
  }
  info(message: string, fields: LogFields = {}): void {
    if (this.#writes('info')) this.#pino.info(fields, message);
  }
  debug(message: string, fields: LogFields = {}): void {
    if (this.#writes('debug')) this.#pino.debug(fields, message);
  }
  trace(message: string, fields: LogFields = {}): void {
    if (this.#writes('trace')) this.#pino.trace(fields, message);
  }
  child(fields: LogFields): Logger {
    return new PinoLogger(this.#pino.child(fields), this.#threshold);
  }

  #writes(level: string): boolean {
    return (pino.levels.values[level] ?? 0) >= this.#threshold.level;
  }
}
