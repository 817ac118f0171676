import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { type Column, renderTable } from './table.ts';

export type OutputFormat = 'table' | 'json';
export type Style = 'green' | 'yellow' | 'red' | 'dim';

export interface TerminalOptions {
  readonly format: OutputFormat;
}

export interface TerminalDependencies {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Where a command's results go, for people or for programs. */
export class Terminal {
  readonly format: OutputFormat;
  readonly stdout: Writable;
  readonly stderr: Writable;

  constructor({ format }: TerminalOptions, { stdout, stderr }: TerminalDependencies) {
    this.format = format;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** Whether a person looks at what goes to standard error. */
  get isInteractive(): boolean {
    return 'isTTY' in this.stderr && this.stderr.isTTY === true;
  }

  /** Coloured on a terminal alone, and as NO_COLOR and FORCE_COLOR say. */
  paint(style: Style, text: string): string {
    return styleText(style, text, { stream: this.stdout });
  }

  /** Rows as a table, or as JSON with names that stay. */
  async showRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], ifNone: string): Promise<void> {
    if (this.format === 'json') await this.print(JSON.stringify(rows, null, 2));
    else if (rows.length > 0) await this.print(renderTable(columns, rows));
    else await this.remark(ifNone);
  }

  /** A line of the result. */
  async print(line: string): Promise<void> {
    await this.write(this.stdout, `${line}\n`);
  }

  /** A line beside the result, which a program that reads the result does not see. */
  async remark(line: string): Promise<void> {
    await this.write(this.stderr, `${line}\n`);
  }

  /** Writes, and waits while the reader is slow. */
  async write(stream: Writable, data: string | Uint8Array): Promise<void> {
    if (!stream.write(data)) await once(stream, 'drain');
  }
}
