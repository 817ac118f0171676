import type { AttachSpec, Container, ContainerExit, ExecSpec, Resources } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import { CriLog, type OutputStream } from './cri-log.ts';
import { OutputSink } from './output-sink.ts';
import { canRun } from './script.ts';
import { type ProcessEnd, ScriptedProcess } from './scripted-process.ts';

export interface MemoryContainerDependencies {
  nextPid(): number;
  nowNs(): bigint;
  /** Called once, when the first process has ended and the log is complete. */
  exited(exit: ContainerExit): void;
}

export type MemoryContainerState = 'partial' | 'created' | 'running' | 'exited';

/** A container of the memory node: its processes, its log, its limits. It knows nothing of daemons. */
export class MemoryContainer {
  readonly spec: Container;
  readonly #dependencies: MemoryContainerDependencies;
  readonly #processes = new Set<ScriptedProcess>();
  readonly #attached = new Set<OutputSink>();
  readonly #log: CriLog;
  readonly #gone = Promise.withResolvers<void>();
  #state: MemoryContainerState = 'partial';
  #init: ScriptedProcess | undefined;
  #startedAt = 0n;
  #exit: ContainerExit | undefined;
  #resources: Resources;

  constructor(spec: Container, dependencies: MemoryContainerDependencies) {
    this.spec = spec;
    this.#dependencies = dependencies;
    this.#log = new CriLog(spec.logPath);
    this.#resources = spec.resources;
  }

  get state(): MemoryContainerState {
    return this.#state;
  }
  get exit(): ContainerExit | undefined {
    return this.#exit;
  }
  get init(): ScriptedProcess | undefined {
    return this.#init;
  }
  get startedAt(): bigint {
    return this.#startedAt;
  }
  get resources(): Resources {
    return this.#resources;
  }

  /** The arguments of each process that runs now. */
  get commandLines(): readonly (readonly string[])[] {
    return [...this.#processes].map((process) => process.args);
  }

  complete(): void {
    if (this.#state === 'partial') this.#state = 'created';
  }

  limit(resources: Resources): void {
    this.#resources = resources;
  }

  /** @throws FailedPrecondition if the program can't run; the container has then ended with 128. */
  start(): void {
    const { args, stdin } = this.spec.process;
    this.#startedAt = this.#dependencies.nowNs();
    if (!canRun(args)) {
      this.#ended({ exitCode: 128, oomKilled: false });
      throw new RuntimeError('FailedPrecondition', `can't run "${args.join(' ')}": no such program`, {
        operation: 'start container',
        id: this.spec.id,
      });
    }
    this.#state = 'running';
    this.#init = this.#spawn(args, undefined, (stream, chunk) => this.#output(stream, chunk));
    if (!stdin) this.#init.stdin.end();
    void this.#init.ended.then((end) => this.#finish(end));
  }

  /** SIGKILL to all processes; resolves when the container has ended. */
  async kill(): Promise<void> {
    for (const process of this.#processes) process.signal('SIGKILL');
    if (this.#state === 'running') await this.#gone.promise;
  }

  exec(spec: ExecSpec): { readonly process: ScriptedProcess; readonly output: OutputSink } {
    const output = new OutputSink(spec);
    const process = this.#spawn(spec.args, this.#init, (stream, chunk) => output.write(stream, chunk));
    if (!spec.stdin) process.stdin.end();
    void process.ended.then(() => output.end());
    return { process, output };
  }

  /** Ends the process and whatever it started, also in sessions of their own. */
  killTree(root: ScriptedProcess): void {
    const descendants = [...this.#processes].filter((process) => process.descendsFrom(root));
    for (const process of [root, ...descendants]) process.signal('SIGKILL');
  }

  attach(spec: AttachSpec): OutputSink {
    const sink = new OutputSink(spec);
    this.#attached.add(sink);
    sink.stdout.once('close', () => this.#attached.delete(sink));
    return sink;
  }

  async reopenLog(): Promise<void> {
    await this.#log.reopen();
  }

  async #output(stream: OutputStream, chunk: Buffer): Promise<void> {
    const merged = this.spec.process.terminal ? 'stdout' : stream;
    await this.#log.write(merged, chunk);
    for (const sink of this.#attached) await sink.write(merged, chunk);
  }

  #spawn(
    args: readonly string[],
    parent: ScriptedProcess | undefined,
    write: (stream: OutputStream, chunk: Buffer) => Promise<void>,
  ): ScriptedProcess {
    const process = new ScriptedProcess(
      { pid: this.#dependencies.nextPid(), args, ...(parent === undefined ? {} : { parent }) },
      { write, spawn: (childArgs, child) => void this.#spawn(childArgs, child, write) },
    );
    if (process.running) this.#processes.add(process);
    void process.ended.then(() => this.#processes.delete(process));
    return process;
  }

  async #finish(end: ProcessEnd): Promise<void> {
    // The end of a container's first process is the end of all of them.
    for (const process of this.#processes) process.signal('SIGKILL');
    await this.#log.close().catch(() => undefined); // the log's directory may be gone: nobody left to tell
    for (const sink of this.#attached) sink.end();
    this.#ended(end);
  }

  #ended(end: ProcessEnd): void {
    this.#state = 'exited';
    this.#exit = { ...end, finishedAt: this.#dependencies.nowNs() };
    this.#gone.resolve();
    this.#dependencies.exited(this.#exit);
  }
}
