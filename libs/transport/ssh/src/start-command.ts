import { type Readable, Writable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { SshChannel } from './ssh-channel.ts';

export interface SshTerminalSize {
  /** In characters. */
  readonly width: number;
  readonly height: number;
}

export interface SshSpawnOptions {
  /** Keep the standard input open; otherwise it is empty. */
  readonly stdin?: boolean;
  /** Give it a terminal of this size, which merges both outputs into one. */
  readonly terminal?: SshTerminalSize;
}

/** A command that runs on the server. Both outputs must be read, or they hold up each other. */
export interface SshProcess {
  /** Absent if not asked for. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves with its exit code, whether or not its output was read; Unavailable if the connection is lost first. */
  readonly exited: Promise<number>;
  /** No effect without a terminal. */
  resize(size: SshTerminalSize): void;
  /** Lets go of it and asks the server for SIGKILL, which OpenSSH refuses for root: it may run on. */
  kill(): void;
}

export function startCommand(channel: SshChannel, { stdin, terminal }: SshSpawnOptions): SshProcess {
  const { stream, exit } = channel;
  if (stdin !== true) stream.end();
  return {
    stdin: stdin === true ? inputOf(stream) : undefined,
    stdout: stream,
    stderr: stream.stderr,
    exited: exit,
    resize: ({ width, height }) => {
      if (terminal !== undefined) stream.setWindow(height, width, 0, 0);
    },
    kill: () => channel.kill(),
  };
}

/** The writing side alone: who destroys it does not take the output with it. */
function inputOf(channel: ClientChannel): Writable {
  const input = new Writable({
    write: (chunk, encoding, done) => void channel.write(chunk, encoding, done),
    final: (done) => void channel.end(done),
    destroy: (error, done) => {
      channel.end();
      done(error);
    },
  });
  input.on('error', () => undefined);
  channel.once('close', () => input.destroy());
  return input;
}
