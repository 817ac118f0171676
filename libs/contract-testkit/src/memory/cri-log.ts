import { type FileHandle, open } from 'node:fs/promises';

export type OutputStream = 'stdout' | 'stderr';

const NEWLINE = 0x0a;
/** Longer lines are split, as kubelets expect. */
const MAX_LINE_BYTES = 16 * 1024;

/** Writes a container's output in the CRI log format: `time stream F|P text`. */
export class CriLog {
  readonly #path: string;
  readonly #rest: Record<OutputStream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  #file: FileHandle | undefined;
  #turn: Promise<void> = Promise.resolve();

  /** An empty path discards everything. */
  constructor(path: string) {
    this.#path = path;
  }

  async write(stream: OutputStream, chunk: Buffer): Promise<void> {
    await this.#inTurn(() => this.#append(this.#split(stream, chunk)));
  }

  /** Goes on in a new file at the same path. */
  async reopen(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#release();
      await this.#open();
    });
  }

  /** Writes what is left of unfinished lines. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      const lines = (['stdout', 'stderr'] as const)
        .filter((stream) => this.#rest[stream].length > 0)
        .map((stream) => formatLine(stream, 'P', this.#rest[stream]));
      try {
        await this.#append(lines);
      } finally {
        await this.#release();
      }
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined); // the failure belongs to whoever asked for this piece of work
    return mine;
  }

  #split(stream: OutputStream, chunk: Buffer): readonly string[] {
    let text = Buffer.concat([this.#rest[stream], chunk]);
    const lines: string[] = [];
    for (;;) {
      const end = text.indexOf(NEWLINE);
      const length = end < 0 ? text.length : end;
      if (length > MAX_LINE_BYTES) {
        lines.push(formatLine(stream, 'P', text.subarray(0, MAX_LINE_BYTES)));
        text = text.subarray(MAX_LINE_BYTES);
      } else if (end >= 0) {
        lines.push(formatLine(stream, 'F', text.subarray(0, end)));
        text = text.subarray(end + 1);
      } else break;
    }
    this.#rest[stream] = text;
    return lines;
  }

  async #append(lines: readonly string[]): Promise<void> {
    if (this.#path === '' || lines.length === 0) return;
    const file = await this.#open();
    await file?.appendFile(lines.join(''));
  }

  async #open(): Promise<FileHandle | undefined> {
    if (this.#path === '') return undefined;
    this.#file ??= await open(this.#path, 'a', 0o640);
    return this.#file;
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

const formatLine = (stream: OutputStream, tag: 'F' | 'P', text: Buffer): string =>
  `${new Date().toISOString()} ${stream} ${tag} ${text.toString('utf8')}\n`;
