import type { Readable, Writable } from 'node:stream';
import type { Status } from './status.ts';

/** Which streams a command has; stderr is never with a terminal. */
export interface StreamSelection {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly terminal: boolean;
}

/** A client's end of a command's streams, whatever carries them. None of them throws unheard. */
export interface CommandStreams {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  /** JSON objects with the terminal's sizes. */
  readonly resize: Readable | undefined;
  /** Tells the client how it ended, once all output has been sent; at once if the client has gone. */
  finish(status: Status): Promise<void>;
}
