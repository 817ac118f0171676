import type { LogFields, Logger } from '../logger.ts';

interface LogLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug' | 'trace';
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps every line, so that a test can say what must (not) have been logged. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(lines: LogLine[] = [], fields: LogFields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  error(message: string, fields?: LogFields): void {
    this.#record('error', message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.#record('warn', message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.#record('info', message, fields);
  }
  debug(message: string, fields?: LogFields): void {
    this.#record('debug', message, fields);
  }
  trace(message: string, fields?: LogFields): void {
    this.#record('trace', message, fields);
  }
  child(fields: LogFields): Logger {
    return new RecordingLogger(this.lines, { ...this.#fields, ...fields });
  }

  #record(level: LogLine['level'], message: string, fields: LogFields = {}): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}
