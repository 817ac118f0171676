import { type Duplex, Readable, Writable } from 'node:stream';
import { FrameParser } from './frames.ts';

export interface HijackedOptions {
  /** The engine does not multiplex the output of a terminal. */
  readonly terminal: boolean;
  /** Where the process reads: the same connection, or another one. Absent: nowhere. */
  readonly input: Duplex | undefined;
}

/** The streams of a process behind a hijacked connection, which is read no faster than its readers take it. */
export class HijackedStreams {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  /** Resolves when the engine sends no more, however that came about. */
  readonly ended: Promise<void>;
  readonly #connection: Duplex;
  readonly #input: Duplex | undefined;
  readonly #parser: FrameParser | undefined;
  /** Those whose readers have not asked for more yet. */
  readonly #full = new Set<Readable>();

  constructor(connection: Duplex, { terminal, input }: HijackedOptions) {
    this.#connection = connection;
    this.#parser = terminal ? undefined : new FrameParser();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.stdout = this.#output();
    this.stderr = terminal ? undefined : this.#output();
    this.#input = input;
    this.stdin = input === undefined ? undefined : inputOf(input);
    if (input !== undefined && input !== connection) ignoreOutputOf(input);
    connection.on('data', (chunk: Buffer) => this.#receive(chunk));
    connection.on('error', () => connection.destroy()); // it breaks with the engine; the streams end
    connection.once('end', () => this.#finish(resolve));
    connection.once('close', () => this.#finish(resolve));
  }

  /** Lets go of the process; the streams end. */
  destroy(): void {
    this.#connection.destroy();
    this.#input?.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#parser === undefined) {
      this.#push(this.stdout, chunk);
      return;
    }
    for (const { stream, payload } of this.#parser.push(chunk)) {
      this.#push(stream === 'stdout' ? this.stdout : (this.stderr ?? this.stdout), payload);
    }
  }

  #output(): Readable {
    const output: Readable = new Readable({
      read: () => this.#wanted(output),
      // Nobody reads it any more, and the other one must not wait for it.
      destroy: (error, done) => {
        this.#wanted(output);
        done(error);
      },
    });
    return output;
  }

  #push(target: Readable, payload: Buffer): void {
    if (target.destroyed || target.readableEnded || payload.length === 0) return;
    if (target.push(payload)) return;
    this.#full.add(target);
    this.#connection.pause();
  }

  /** Reads on unless the other stream is full: what comes next may be for it. */
  #wanted(output: Readable): void {
    this.#full.delete(output);
    if (this.#full.size === 0) this.#connection.resume();
  }

  #finish(resolve: () => void): void {
    for (const stream of [this.stdout, this.stderr]) {
      if (stream !== undefined && !stream.destroyed && !stream.readableEnded) stream.push(null);
    }
    resolve();
  }
}

/** Ending it sends the end of the input and leaves the output open. */
function inputOf(connection: Duplex): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (connection.writableEnded || connection.destroyed) done();
      else connection.write(chunk, () => done()); // a process may end without reading; no error of the writer's
    },
    final: (done) => {
      connection.end(() => undefined);
      done();
    },
  });
}

function ignoreOutputOf(connection: Duplex): void {
  connection.on('error', () => connection.destroy()); // whoever writes finds it closed
  connection.resume();
}
