import { once } from 'node:events';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { FrameParser } from '../spdy/frame-parser.ts';
import { controlFrame, dataHead, goAway, ping, rstStream, words } from '../spdy/frame-writer.ts';
import { type Frame, FRAME_TYPE, RESET_STATUS } from '../spdy/frames.ts';
import { HeaderDeflater } from '../spdy/header-block.ts';

const HTTP_SWITCHING = 101;

/** What an upgrade was answered with, if not with 101. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A stream as the client sees it. */
export class ClientStream {
  readonly id: number;
  readonly replied = Promise.withResolvers<void>();
  /** Resolves at the server's FIN or reset, or the end of the connection. */
  readonly ended = Promise.withResolvers<'fin' | 'reset' | 'gone'>();
  readonly #client: SpdyClient;
  #chunks: Buffer[] = [];
  #consume = (payload: Buffer): void => void this.#chunks.push(payload);
  #bytes = 0;

  constructor(id: number, client: SpdyClient) {
    this.id = id;
    this.#client = client;
    this.replied.promise.catch(() => undefined); // not every test waits for it
  }

  get bytes(): number {
    return this.#bytes;
  }
  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  receive(payload: Buffer): void {
    this.#bytes += payload.length;
    this.#consume(payload);
  }

  /** Hands on what has come and comes, instead of keeping it. */
  consume(consume: (payload: Buffer) => void): void {
    for (const payload of this.#chunks.splice(0)) consume(payload);
    this.#consume = consume;
  }

  /** All that comes until the server ends the stream. */
  async read(): Promise<string> {
    await this.ended.promise;
    return this.text;
  }

  write(data: string | Buffer): boolean {
    return this.#client.data(this.id, Buffer.from(data), false);
  }
  /** Writes, and waits until the socket has room for more. */
  async send(data: Buffer): Promise<void> {
    if (!this.write(data)) await once(this.#client.transport, 'drain');
  }
  end(): void {
    this.#client.data(this.id, Buffer.alloc(0), true);
  }
  reset(): void {
    this.#client.transport.write(rstStream(this.id, RESET_STATUS.cancel));
  }
}

/** The client's side of a SPDY connection, for tests: as client-go's, it neither gives nor heeds windows. */
export class SpdyClient {
  readonly transport: Duplex;
  /** Everything but data and replies, in the order it came. */
  readonly frames: Frame[] = [];
  readonly closed: Promise<unknown>;
  readonly #parser = new FrameParser();
  readonly #deflater = new HeaderDeflater();
  readonly #streams = new Map<number, ClientStream>();
  #nextId = 1;

  constructor(transport: Duplex) {
    this.transport = transport;
    this.closed = once(transport, 'close');
    transport.on('error', () => undefined); // tests look at what it leads to
    transport.on('data', (bytes: Buffer) => {
      for (const frame of this.#parser.parse(bytes)) this.#receive(frame);
    });
    transport.on('end', () => transport.end());
    transport.on('close', () => {
      for (const stream of this.#streams.values()) stream.ended.resolve('gone');
    });
  }

  /** Upgrades to SPDY/3.1. */
  static async connect(
    url: string,
    protocols: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
  ): Promise<{ readonly client: SpdyClient; readonly protocol: string | undefined }> {
    const result = await upgrade(url, {
      Connection: 'Upgrade',
      Upgrade: 'SPDY/3.1',
      'X-Stream-Protocol-Version': [...protocols],
    });
    if ('status' in result) throw new Error(`${String(result.status)}: ${result.body}`);
    return { client: new SpdyClient(result.socket), protocol: result.protocol };
  }

  /** Opens a stream; resolves when the server has answered. */
  async open(headers: Readonly<Record<string, string>>, flags = 0): Promise<ClientStream> {
    const stream = this.begin(headers, flags);
    await stream.replied.promise;
    return stream;
  }

  /** Asks for a stream, and doesn't wait. */
  begin(headers: Readonly<Record<string, string>>, flags = 0, id = this.#nextId): ClientStream {
    this.#nextId += 2;
    const stream = new ClientStream(id, this);
    this.#streams.set(id, stream);
    const block = this.#deflater.deflate(new Map(Object.entries(headers)));
    this.transport.write(controlFrame(FRAME_TYPE.synStream, flags, [words(id, 0), Buffer.alloc(2), block]));
    return stream;
  }

  data(id: number, payload: Buffer, fin: boolean): boolean {
    return this.transport.write(Buffer.concat([dataHead(id, payload.length, fin), payload]));
  }

  ping(id: number): void {
    this.transport.write(ping(id));
  }

  /** Says goodbye, and waits for the server to close. */
  goAway(): void {
    this.transport.write(goAway(0, 0));
  }

  close(): void {
    this.goAway();
    this.transport.end();
  }

  #receive(frame: Frame): void {
    const stream = 'streamId' in frame ? this.#streams.get(frame.streamId) : undefined;
    if (frame.type === 'data') {
      stream?.receive(frame.payload);
      if (frame.fin) stream?.ended.resolve('fin');
      return;
    }
    if (frame.type === 'synReply') stream?.replied.resolve();
    else this.frames.push(frame);
    if (frame.type === 'rstStream') {
      stream?.replied.reject(new Error(`stream ${String(stream.id)} was reset`));
      stream?.ended.resolve('reset');
    }
  }
}

/** Sends an upgrade request as client-go does. */
export async function upgrade(
  url: string,
  headers: Readonly<Record<string, string | string[]>>,
  method = 'POST',
): Promise<Refusal | { readonly socket: Duplex; readonly protocol: string | undefined }> {
  const { promise, resolve, reject } = Promise.withResolvers<
    Refusal | { readonly socket: Duplex; readonly protocol: string | undefined }
  >();
  const asked = request(url, { method, headers, agent: false });
  asked.once('upgrade', (response, socket, head) => {
    if (head.length > 0) socket.unshift(head);
    if (response.statusCode !== HTTP_SWITCHING)
      reject(new Error(`upgraded with ${String(response.statusCode)}`));
    resolve({ socket, protocol: String(response.headers['x-stream-protocol-version']) });
  });
  asked.once('response', (response) => {
    void response.toArray().then((chunks) => {
      const body = Buffer.concat(chunks as Buffer[]).toString();
      resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
    });
  });
  asked.once('error', reject);
  asked.end();
  return await promise;
}
