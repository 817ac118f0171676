import { PassThrough, type Readable } from 'node:stream';
import { untilWritable } from '@crihub/kernel';
import type { ContainerLog, OutputStream } from '@crihub/service-container-log';
import type { TaskStreams } from '../api/task-service.ts';
import { makeFifo, openReadingEnd } from './fifo.ts';
import { OutputReader } from './output-reader.ts';
import type { PendingChunk, PendingOutput } from './pending-output.ts';
import type { PendingOutputs } from './pending-outputs.ts';

export interface StreamChoice {
  readonly terminal: boolean;
  readonly stdin: boolean;
}

/** Paths of a process's FIFOs, all with one prefix. A terminal has one output. */
export const streamPaths = (prefix: string, { terminal, stdin }: StreamChoice): TaskStreams => ({
  stdin: stdin ? `${prefix}-stdin` : '',
  stdout: `${prefix}-stdout`,
  stderr: terminal ? '' : `${prefix}-stderr`,
  terminal,
});

export function makeStreams({ stdin, stdout, stderr }: TaskStreams): void {
  for (const path of [stdin, stdout, stderr]) if (path !== '') makeFifo(path);
}

export interface ContainerOutputDependencies {
  readonly log: ContainerLog;
  readonly pendings: PendingOutputs;
}

interface Source {
  readonly name: OutputStream;
  readonly path: string;
  readonly pending: PendingOutput;
  /** What an earlier daemon had read. */
  readonly left: PendingChunk | undefined;
}

/** The output of a container's first process: into its log, and to all who are attached. */
export class ContainerOutput {
  readonly #log: ContainerLog;
  readonly #pendings: PendingOutputs;
  readonly #readers: OutputReader[] = [];
  readonly #sources: Source[] = [];
  readonly #attached: Readonly<Record<OutputStream, Set<PassThrough>>> = {
    stdout: new Set(),
    stderr: new Set(),
  };
  readonly #ending = new AbortController();

  private constructor({ log, pendings }: ContainerOutputDependencies) {
    this.#log = log;
    this.#pendings = pendings;
  }

  /** Writes what an earlier daemon had read, and begins to read. The FIFOs must exist. */
  static async open(
    { stdout, stderr }: TaskStreams,
    dependencies: ContainerOutputDependencies,
  ): Promise<ContainerOutput> {
    const output = new ContainerOutput(dependencies);
    try {
      await output.#add('stdout', stdout);
      if (stderr !== '') await output.#add('stderr', stderr);
      await output.#writeLeft();
      for (const source of output.#sources) await output.#read(source);
      return output;
    } catch (error) {
      await output.close();
      throw error;
    }
  }

  /** What comes from now on, until the container's end. Destroying the stream ends it for the reader alone. */
  attach(name: OutputStream): Readable {
    const target = new PassThrough();
    const attached = this.#attached[name];
    attached.add(target);
    target.once('close', () => attached.delete(target));
    return target;
  }

  async reopenLog(): Promise<void> {
    await this.#log.reopen();
  }

  /** Resolves when all output is written, or after `ms`. */
  async drained(ms: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([late, this.#ended()]);
    clearTimeout(timer);
  }

  /**
   * Writes the rest after the container's end, however slow the log is. It is given up when nothing comes for
   * `idleMs`, since a process outside of the container may hold a stream open, and after `limitMs` in any case.
   */
  async finish({ idleMs, limitMs }: { readonly idleMs: number; readonly limitMs: number }): Promise<void> {
    this.#ending.abort();
    let isOver = false;
    void this.#ended().then(() => (isOver = true));
    const end = performance.now() + limitMs;
    for (let seen = -1; !isOver && seen !== this.#progress() && performance.now() < end;) {
      seen = this.#progress();
      await this.drained(idleMs);
    }
  }

  /** Stops reading after the chunk that is in hand, and ends what is attached. */
  async close(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.close()));
    for (const { pending } of this.#sources.splice(0)) this.#pendings.release(pending);
    for (const target of [...this.#attached.stdout, ...this.#attached.stderr]) target.end();
    await this.#log.close();
  }

  async #ended(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.ended));
  }

  #progress(): number {
    return this.#readers.reduce((sum, { chunks }) => sum + chunks, 0);
  }

  async #add(name: OutputStream, path: string): Promise<void> {
    const left = this.#pendings.takeLeft(path);
    const pending = left ?? (await this.#pendings.open(path));
    this.#sources.push({ name, path, pending, left: left?.chunk });
  }

  /** What was begun comes first: nobody wrote after it. */
  async #writeLeft(): Promise<void> {
    for (const { name, pending, left } of this.#sources) {
      if (left?.place === undefined) continue;
      await this.#log.complete(name, left.data, left.place);
      pending.clear();
    }
    for (const source of this.#sources)
      if (source.left !== undefined && source.left.place === undefined)
        await this.#write(source, source.left.data);
  }

  async #read(source: Source): Promise<void> {
    const descriptor = await openReadingEnd(source.path);
    const take = (chunk: Buffer): Promise<void> => this.#take(source, chunk);
    this.#readers.push(new OutputReader(descriptor, take, source.pending.buffer));
  }

  async #take(source: Source, chunk: Buffer): Promise<void> {
    const attached = this.#attached[source.name];
    const copy = attached.size === 0 ? undefined : Buffer.from(chunk);
    const written = this.#write(source, chunk);
    if (copy !== undefined) await Promise.all([...attached].map((target) => this.#passOn(target, copy)));
    await written;
  }

  async #write({ name, pending }: Source, chunk: Buffer): Promise<void> {
    pending.took(chunk.length);
    await this.#log.write(name, chunk, (place) => pending.writesAt(place));
    pending.clear();
  }

  /**
   * Whoever is attached and reads slowly holds the container back, as a terminal would, but not the rest of the
   * output of one that has ended: that is no more than the pipes hold.
   */
  async #passOn(target: PassThrough, chunk: Buffer): Promise<void> {
    if (target.destroyed || target.write(chunk) || this.#ending.signal.aborted) return;
    await untilWritable(target, this.#ending.signal);
  }
}
