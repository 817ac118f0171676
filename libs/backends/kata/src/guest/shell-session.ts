import { randomBytes } from 'node:crypto';
import { RuntimeError } from '@crihub/kernel';
import type { SshProcess } from '@crihub/transport/ssh';

export interface ShellReply {
  readonly status: number;
  readonly output: string;
}

interface Question {
  readonly resolve: (reply: ShellReply) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const LARGEST_REPLY_BYTES = 1024 * 1024;
const TIMEOUT_MS = 20_000;
const LONGEST_STATUS = 8;

/** One life of the shell: scripts go in, and each answer ends with a mark that nothing else in the guest knows. */
export class ShellSession {
  readonly #process: SshProcess;
  readonly #token = randomBytes(16).toString('hex');
  readonly #mark = Buffer.from(`\0${this.#token} `);
  readonly #questions: Question[] = [];
  #received = Buffer.alloc(0);
  #failure: Error | undefined;

  constructor(process: SshProcess) {
    this.#process = process;
    process.stderr.resume();
    process.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    process.exited.then(
      () => this.#fail(new RuntimeError('Unavailable', 'the shell in the guest has ended')),
      (error: unknown) => this.#fail(error as Error),
    );
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  async run(script: string): Promise<ShellReply> {
    if (this.#failure !== undefined) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<ShellReply>();
    const timer = setTimeout(() => {
      const message = `the guest gave no answer within ${String(TIMEOUT_MS)} ms`;
      this.#fail(new RuntimeError('DeadlineExceeded', message));
    }, TIMEOUT_MS);
    this.#questions.push({ resolve, reject, timer });
    this.#process.stdin?.write(`{ ${script}\n} </dev/null 2>&1; printf '\\0%s %d\\n' ${this.#token} $?\n`);
    return await promise;
  }

  close(): void {
    this.#fail(new RuntimeError('Unavailable', 'the shell in the guest was closed'));
  }

  #receive(chunk: Buffer): void {
    if (this.#failure !== undefined) return;
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#takeReply());
    if (this.#received.length > LARGEST_REPLY_BYTES) {
      this.#fail(new RuntimeError('ResourceExhausted', 'the guest answers with more than is allowed'));
    }
  }

  #takeReply(): boolean {
    const end = this.#received.indexOf(this.#mark);
    const line = end < 0 ? -1 : this.#received.indexOf('\n', end);
    const status = line < 0 ? '' : this.#received.toString('latin1', end + this.#mark.length, line);
    if (line < 0) return false;
    const question = this.#questions[0];
    if (question === undefined || status.length > LONGEST_STATUS || !/^\d+$/.test(status)) {
      this.#fail(new RuntimeError('Unavailable', 'the guest answers what it was not asked'));
      return false;
    }
    const output = this.#received.toString('utf8', 0, end);
    this.#received = this.#received.subarray(line + 1);
    this.#questions.shift();
    clearTimeout(question.timer);
    question.resolve({ status: Number(status), output });
    return true;
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#received = Buffer.alloc(0);
    this.#process.kill();
    for (const { timer, reject } of this.#questions.splice(0)) {
      clearTimeout(timer);
      reject(error);
    }
  }
}
