import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { TerminalSize } from '@crihub/contract';
import type { OutputStream } from './cri-log.ts';
import { runScript } from './script.ts';
import { signalNumber } from './signals.ts';

export interface ScriptedProcessOptions {
  readonly pid: number;
  readonly args: readonly string[];
  readonly parent?: ScriptedProcess;
}

export interface ScriptedProcessDependencies {
  /** Resolves when the output was taken. */
  write(stream: OutputStream, chunk: Buffer): Promise<void>;
  /** Starts another process in the same container. */
  spawn(args: readonly string[], parent: ScriptedProcess): void;
}

export interface ProcessEnd {
  readonly exitCode: number;
  readonly oomKilled: boolean;
}

const KILLED_BY_SIGNAL = 128;
const SIGPIPE = 13;

/** A process that runs a script instead of a program. */
export class ScriptedProcess {
  readonly pid: number;
  readonly args: readonly string[];
  readonly parent: ScriptedProcess | undefined;
  readonly stdin = new PassThrough();
  readonly #dependencies: ScriptedProcessDependencies;
  readonly #life = new AbortController();
  readonly #traps = new Map<string, number | 'ignore'>();
  readonly #end = Promise.withResolvers<ProcessEnd>();
  readonly #resized = new EventTarget();
  #size: TerminalSize = { width: 80, height: 24 };

  constructor({ pid, args, parent }: ScriptedProcessOptions, dependencies: ScriptedProcessDependencies) {
    this.pid = pid;
    this.args = args;
    this.parent = parent;
    this.#dependencies = dependencies;
    void this.#run();
  }

  /** Resolves when the process has ended. Never rejects. */
  get ended(): Promise<ProcessEnd> {
    return this.#end.promise;
  }

  get running(): boolean {
    return !this.#life.signal.aborted;
  }

  /** @throws InvalidArgument for an unknown name. */
  signal(name: string): void {
    const number = signalNumber(name);
    const reaction = name === 'SIGKILL' ? undefined : this.#traps.get(name);
    if (reaction === 'ignore') return;
    this.#finish({ exitCode: reaction ?? KILLED_BY_SIGNAL + number, oomKilled: false });
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    this.#resized.dispatchEvent(new Event('resize'));
  }

  descendsFrom(ancestor: ScriptedProcess): boolean {
    return this.parent !== undefined && (this.parent === ancestor || this.parent.descendsFrom(ancestor));
  }

  async #run(): Promise<void> {
    try {
      await runScript(this.args, {
        life: this.#life.signal,
        stdin: this.stdin,
        write: (stream, text) => this.#dependencies.write(stream, Buffer.from(text)),
        trap: (name, reaction) => void this.#traps.set(name, reaction),
        spawn: (marker) => this.#dependencies.spawn(['sleep', 'forever', marker], this),
        sizes: () => this.#sizes(),
        exit: (code) => this.#finish({ exitCode: code, oomKilled: false }),
        killByOom: () => this.#finish({ exitCode: KILLED_BY_SIGNAL + 9, oomKilled: true }),
      });
      this.#finish({ exitCode: 0, oomKilled: false });
    } catch {
      // Either the process was killed in mid-command, and this does nothing, or nobody takes its output.
      this.#finish({ exitCode: KILLED_BY_SIGNAL + SIGPIPE, oomKilled: false });
    }
  }

  async *#sizes(): AsyncGenerator<TerminalSize> {
    for (let shown: TerminalSize | undefined; ;) {
      if (this.#size === shown) await once(this.#resized, 'resize', { signal: this.#life.signal });
      else yield (shown = this.#size);
    }
  }

  #finish(end: ProcessEnd): void {
    if (!this.running) return;
    this.#life.abort();
    this.stdin.destroy();
    this.#end.resolve(end);
  }
}
