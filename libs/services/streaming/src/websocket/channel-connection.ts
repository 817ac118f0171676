import type { WebSocket } from 'ws';
import { buffersSpent, describeError, type Logger } from '@crihub/kernel';
import { closeWebSocket } from './close-web-socket.ts';
import { type ChannelCarrier, WebSocketChannel } from './web-socket-channel.ts';

export interface ChannelOptions {
  /** Messages are text: the channel's digit and base64, instead of a byte and the bytes. */
  readonly base64: boolean;
  /** The client can end a channel. */
  readonly closeSignal: boolean;
}

/** The first byte of a message that ends the channel of its second byte (`v5.channel.k8s.io`). */
const CLOSE_SIGNAL = 255;
const DIGIT_ZERO = 0x30;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** A WebSocket whose messages belong to numbered channels, as the kubelet's clients speak it. */
export class ChannelConnection implements ChannelCarrier {
  readonly #socket: WebSocket;
  readonly #options: ChannelOptions;
  readonly #logger: Logger;
  readonly #channels: readonly WebSocketChannel[];
  readonly #congested = new Set<WebSocketChannel>();
  readonly #ended = new AbortController();

  /** @param count channels from 0 on; what comes for others is dropped. */
  constructor(
    count: number,
    options: ChannelOptions,
    deps: { readonly socket: WebSocket; readonly logger: Logger },
  ) {
    this.#socket = deps.socket;
    this.#options = options;
    this.#logger = deps.logger;
    this.#channels = Array.from({ length: count }, (_, number) => new WebSocketChannel(number, this));
    // Without fragments and with the default binary type, a message is one buffer.
    deps.socket.on('message', (message) => this.#receive(message as Buffer));
    deps.socket.on('error', (error) => {
      this.#logger.warn('streaming client broke the WebSocket protocol', { error: describeError(error) });
    });
    deps.socket.on('close', () => this.#finish());
    deps.socket.resume();
  }

  /** Aborts when the connection is over, whoever ended it. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  channel(number: number): WebSocketChannel {
    const channel = this.#channels[number];
    if (channel === undefined) throw new RangeError(`there is no channel ${String(number)}`);
    return channel;
  }

  /** Closes; what was written before still arrives. Bounded, and repeatable. */
  async close(): Promise<void> {
    await closeWebSocket(this.#socket);
  }

  send(channel: number, payload: Buffer, sent: (error?: Error | null) => void): void {
    buffersSpent(payload.length);
    if (this.#options.base64) {
      this.#socket.send(
        `${String.fromCharCode(DIGIT_ZERO + channel)}${payload.toString('base64')}`,
        { binary: false },
        sent,
      );
    } else {
      this.#socket.send(Buffer.concat([Buffer.of(channel), payload]), { binary: true }, sent);
    }
  }

  congested(channel: WebSocketChannel, full: boolean): void {
    if (full) this.#congested.add(channel);
    else this.#congested.delete(channel);
    if (this.#congested.size > 0) this.#socket.pause();
    else if (this.#socket.isPaused) this.#socket.resume();
  }

  #receive(message: Buffer): void {
    buffersSpent(message.length);
    const [first, second] = message;
    if (first === undefined) return;
    if (this.#options.closeSignal && first === CLOSE_SIGNAL) {
      const channel = message.length === 2 ? this.#channels[second ?? 0] : undefined;
      if (channel === undefined) this.#refuse('a signal that closes no channel');
      else channel.receiveEnd();
      return;
    }
    if (!this.#options.base64) {
      this.#channels[first]?.receive(message.subarray(1));
      return;
    }
    const text = message.toString('latin1', 1);
    if (BASE64.test(text)) this.#channels[first - DIGIT_ZERO]?.receive(Buffer.from(text, 'base64'));
    else this.#refuse('a message that is not base64');
  }

  #refuse(what: string): void {
    this.#logger.warn('streaming client broke the protocol; its connection is closed', { error: what });
    this.#socket.close(1002, what);
  }

  #finish(): void {
    this.#ended.abort(new Error('the streaming connection is over'));
    for (const channel of this.#channels) channel.destroy();
  }
}
