import { Duplex, PassThrough, Writable } from 'node:stream';
import type { ProcessExit, ProcessSession } from '@crihub/contract';
import type { StreamSelection } from '../../remote-command/command-streams.ts';
import type { StreamingRequest } from '../../streaming-request.ts';
import type { StreamKind } from '../../stream-observer.ts';
import { effect, type SessionEffect } from './session-effect.ts';

/** A process, or a pod's ports, that does nothing but note what a client does to it. */
export class ObservedRequest {
  readonly request: StreamingRequest;
  #input = '';
  #inputEnded = false;
  #size: string | undefined;
  #abandoned = false;
  readonly #connections: string[] = [];

  constructor(kind: StreamKind, streams: StreamSelection) {
    const open = async (): Promise<ProcessSession> => this.#session(streams);
    if (kind === 'portforward') this.request = { kind, dial: async () => this.#connection() };
    else if (kind === 'exec') this.request = { kind, streams, open };
    else this.request = { kind, streams, open, detachAtEndOfInput: false };
  }

  get effect(): SessionEffect {
    return effect({
      input: this.#input,
      inputEnded: this.#inputEnded,
      ...(this.#size === undefined ? {} : { size: this.#size }),
      abandoned: this.#abandoned,
      connections: this.#connections,
    });
  }

  /** It ends when its input does; without one, at once. */
  #session({ stdin, terminal }: StreamSelection): ProcessSession {
    const exit = Promise.withResolvers<ProcessExit>();
    const stdout = new PassThrough();
    const stderr = terminal ? undefined : new PassThrough();
    const end = (exitCode: number): void => {
      stdout.end();
      stderr?.end();
      exit.resolve({ exitCode });
    };
    if (!stdin) end(0);
    return {
      stdin: stdin ? this.#stdin(() => end(0)) : undefined,
      stdout,
      stderr,
      exit: exit.promise,
      resize: async ({ width, height }) => void (this.#size = `${String(width)}x${String(height)}`),
      kill: async () => {
        this.#abandoned = true;
        end(137);
      },
    };
  }

  #stdin(ended: () => void): Writable {
    return new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        this.#input += bytes.toString();
        done();
      },
      final: (done) => {
        this.#inputEnded = true;
        done();
        ended();
      },
    });
  }

  #connection(): Duplex {
    const index = this.#connections.push('') - 1;
    const connection: Duplex = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _encoding, done) => {
        this.#connections[index] += bytes.toString();
        done();
      },
      final: (done) => {
        connection.push(null);
        done();
      },
    });
    return connection;
  }
}
