import { type Duplex, PassThrough, type Readable, Writable } from 'node:stream';
import { untilWritable } from '@crihub/kernel';

/** The first byte of each message from conmon: which output the rest is from. */
const STDOUT = 2;
const STDERR = 3;
/** conmon reads messages of up to 32 KiB and cuts longer ones. */
const LARGEST_INPUT = 8_192;

/** The streams of a process behind conmon's attach socket. */
export interface AttachStreams {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Absent with a terminal. */
  readonly stderr: Readable | undefined;
  /** Resolves when the socket has closed and all that came is handed on. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Takes the socket's messages apart. An output that nobody reads holds up the socket, and so the process. */
export function attachStreams(
  socket: Duplex,
  { terminal, stdin }: { readonly terminal: boolean; readonly stdin: boolean },
): AttachStreams {
  const stdout = new PassThrough();
  const stderr = terminal ? undefined : new PassThrough();
  if (!stdin) socket.end();
  return {
    stdin: stdin ? inputOf(socket) : undefined,
    stdout,
    stderr,
    ended: distribute(socket, stdout, stderr),
    close: () => socket.destroy(),
  };
}

async function distribute(
  socket: Duplex,
  stdout: PassThrough,
  stderr: PassThrough | undefined,
): Promise<void> {
  try {
    for await (const message of socket as AsyncIterable<Buffer>) {
      const target = message[0] === STDERR ? stderr : message[0] === STDOUT ? stdout : undefined;
      if (target === undefined || target.destroyed || target.write(message.subarray(1))) continue;
      await untilWritable(target);
    }
  } catch {
    // Closed by us, or conmon was killed: the streams end here either way.
  }
  stdout.end();
  stderr?.end();
}

function inputOf(socket: Duplex): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => void writeAll(socket, chunk).then(() => done(), done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.end();
      done(error);
    },
  });
}

async function writeAll(socket: Duplex, chunk: Buffer): Promise<void> {
  for (let start = 0; start < chunk.length; start += LARGEST_INPUT) {
    const part = chunk.subarray(start, start + LARGEST_INPUT);
    await new Promise<void>((resolve, reject) => {
      socket.write(part, (error) => (error ? reject(error) : resolve()));
    });
  }
}
