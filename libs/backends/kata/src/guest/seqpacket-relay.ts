import { Duplex, type Readable } from 'node:stream';
import { RuntimeError } from '@crihub/kernel';
import { headOf } from '@crihub/service-oci-containers';
import type { SshProcess } from '@crihub/transport/ssh';

const HEADER_BYTES = 4;
const LARGEST_FRAME_BYTES = 65_536;

/**
 * The far end of a SOCK_SEQPACKET socket behind the guest's relay, which puts its length (four bytes, the
 * highest first) before each message. Its first frame is empty and says that the socket is connected.
 * @throws an error with the system's code if there is no such socket, or nobody listens there.
 */
export async function connectRelay(relay: SshProcess): Promise<Duplex> {
  const complaint = headOf(relay.stderr);
  complaint.catch(() => undefined); // asked for below if the relay fails
  const frames = framesOf(relay.stdout);
  const first = await frames.next();
  if (first.done !== true) return new RelayedSocket(relay, frames);
  const code = (await complaint).trim();
  throw Object.assign(new Error(`the guest's relay could not connect: ${code.slice(0, 200)}`), { code });
}

/** One chunk is one message, in both directions. */
class RelayedSocket extends Duplex {
  readonly #relay: SshProcess;
  readonly #frames: AsyncIterator<Buffer>;

  constructor(relay: SshProcess, frames: AsyncIterator<Buffer>) {
    super({ readableObjectMode: true });
    this.#relay = relay;
    this.#frames = frames;
  }

  override _read(): void {
    this.#frames.next().then(
      ({ done, value }) => this.push(done === true ? null : value),
      (error: unknown) => this.destroy(error as Error),
    );
  }

  override _write(message: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(message.length);
    this.#relay.stdin?.write(Buffer.concat([header, message]), done);
  }

  override _final(done: () => void): void {
    this.#relay.stdin?.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#relay.kill();
    done(error);
  }
}

/** @throws ResourceExhausted for a frame that no relay of ours would send. */
async function* framesOf(stream: Readable): AsyncGenerator<Buffer, undefined> {
  let received = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, chunk]);
    while (received.length >= HEADER_BYTES) {
      const length = received.readUInt32BE(0);
      if (length > LARGEST_FRAME_BYTES) {
        throw new RuntimeError('ResourceExhausted', `the guest sent a frame of ${String(length)} bytes`);
      }
      if (received.length < HEADER_BYTES + length) break;
      yield received.subarray(HEADER_BYTES, HEADER_BYTES + length);
      received = received.subarray(HEADER_BYTES + length);
    }
  }
  return undefined;
}
