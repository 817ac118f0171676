import type { Readable, Writable } from 'node:stream';
import type { ProcessExit, ProcessSession, TerminalSize } from '@crihub/contract';
import { sleep } from '@crihub/kernel';
import type { AttachStreams } from '../conmon/attach-streams.ts';
import { resizeTerminal } from '../conmon/control.ts';
import type { Files } from '../execution/executor.ts';

const POLL_MS = 1_000;

export interface AttachSessionInput {
  readonly streams: AttachStreams;
  readonly bundle: string;
  /** The exit code of the container's first process, once it has ended. */
  readonly exitCode: () => Promise<number | undefined>;
}

/** The streams of a container's first process, shared with all who attach. */
export class AttachSession implements ProcessSession {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  readonly exit: Promise<ProcessExit>;
  readonly #input: AttachSessionInput;
  readonly #files: Files;
  readonly #letGo = new AbortController();

  constructor(input: AttachSessionInput, { files }: { readonly files: Files }) {
    this.#input = input;
    this.#files = files;
    const { stdin, stdout, stderr } = input.streams;
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
    this.exit = this.#exit();
  }

  async resize(size: TerminalSize): Promise<void> {
    await resizeTerminal(size, this.#input.bundle, this.#files);
  }

  async kill(): Promise<void> {
    this.#letGo.abort();
    this.#input.streams.close();
  }

  async #exit(): Promise<ProcessExit> {
    await this.#input.streams.ended;
    for (;;) {
      // Who has let go is told no more: the promise stays open, and is forgotten with the session.
      if (this.#letGo.signal.aborted) return await new Promise<never>(() => undefined);
      const exitCode = await this.#input.exitCode();
      if (exitCode !== undefined) return { exitCode };
      await sleep(POLL_MS, this.#letGo.signal).catch(() => undefined); // let go: seen above
    }
  }
}
