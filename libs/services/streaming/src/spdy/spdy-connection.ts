import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { buffersSpent, describeError, type Logger, sleep } from '@crihub/kernel';
import { FlowControl } from './flow-control.ts';
import { FrameParser } from './frame-parser.ts';
import { dataHead, FrameWriter, goAway, ping, rstStream, windowUpdate } from './frame-writer.ts';
import { type ControlFrame, type DataPiece, GO_AWAY_STATUS, RESET_STATUS } from './frames.ts';
import type { HeaderFields } from './header-block.ts';
import { ProtocolError } from './protocol-error.ts';
import { SpdyStream, type StreamCarrier } from './spdy-stream.ts';

export interface SpdyHandlers {
  /** Why a new stream is refused; undefined if it is taken. */
  refusal(headers: HeaderFields): string | undefined;
  /** A stream that was taken. Whoever gets it reads it and handles its errors. */
  opened(stream: SpdyStream): void;
}

export interface SpdyDependencies {
  /** Both directions of the transport, from the first byte after the upgrade. */
  readonly transport: Duplex;
  readonly logger: Logger;
}

/** Streams at once; the kubelet opens two for each forwarded connection. */
const MAX_STREAMS = 4000;
/** How often a peer that we made wait is asked whether it still lives, in ms. */
const PROBE_MS = 30_000;
/** Time for the other side to close when we have said goodbye, in ms. */
const GOODBYE_MS = 2_000;

/** The server's side of a SPDY/3.1 connection. The other side opens the streams. */
export class SpdyConnection implements StreamCarrier {
  readonly #transport: Duplex;
  readonly #logger: Logger;
  readonly #handlers: SpdyHandlers;
  readonly #parser = new FrameParser();
  readonly #writer = new FrameWriter();
  readonly #flow = new FlowControl();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #congested = new Set<SpdyStream>();
  readonly #ended = new AbortController();
  readonly #probe: NodeJS.Timeout;
  #lastStreamId = 0;
  #lastPing = 0;
  /** The client has said goodbye: it opens no more streams. */
  #leaving = false;
  #closing = false;

  constructor({ transport, logger }: SpdyDependencies, handlers: SpdyHandlers) {
    this.#transport = transport;
    this.#logger = logger;
    this.#handlers = handlers;
    this.#probe = setInterval(() => this.#probePeer(), PROBE_MS).unref();
    transport.on('data', (bytes: Buffer) => this.#receive(bytes));
    transport.on('end', () => this.#finish());
    transport.on('error', (error) => {
      this.#logger.debug('streaming connection broke', { error: describeError(error) });
    });
    transport.on('close', () => this.#finish());
  }

  /** Aborts when the connection is over, whoever ended it. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Says goodbye and closes; what was written before still arrives. Bounded, and repeatable. */
  async close(): Promise<void> {
    if (!this.#closing) this.#sayGoodbye(GO_AWAY_STATUS.ok);
    if (!this.#transport.closed) {
      const closed = once(this.#transport, 'close').catch(() => undefined); // closed is closed
      await Promise.race([closed, sleep(GOODBYE_MS)]);
    }
    this.#transport.destroy();
  }

  sendable(streamId: number): number {
    return this.#flow.sendable(streamId);
  }

  send(streamId: number, payload: Buffer, fin: boolean, sent: (error?: Error | null) => void): void {
    if (!this.#transport.writable) {
      sent(new Error('the streaming connection is over'));
      return;
    }
    buffersSpent(payload.length);
    this.#flow.sent(streamId, payload.length);
    const head = dataHead(streamId, payload.length, fin);
    if (payload.length === 0) {
      this.#transport.write(head, sent);
      return;
    }
    this.#transport.cork();
    this.#transport.write(head);
    this.#transport.write(payload, sent);
    this.#transport.uncork();
  }

  consumed(streamId: number, bytes: number): void {
    for (const grant of this.#flow.consumed(streamId, bytes)) {
      this.#write(windowUpdate(grant.streamId, grant.delta));
    }
  }

  congested(stream: SpdyStream, full: boolean): void {
    if (full) this.#congested.add(stream);
    else this.#congested.delete(stream);
    if (this.#congested.size > 0) this.#transport.pause();
    else if (this.#transport.isPaused()) this.#transport.resume();
  }

  dropped(stream: SpdyStream): void {
    if (!this.#streams.delete(stream.id)) return;
    this.#flow.close(stream.id);
    if (!stream.isSettled) this.#write(rstStream(stream.id, RESET_STATUS.cancel));
    this.#closeIfLeft();
  }

  #receive(bytes: Buffer): void {
    buffersSpent(bytes.length);
    if (this.#closing) return;
    try {
      for (const frame of this.#parser.parse(bytes)) {
        if (frame.type === 'data') this.#receiveData(frame);
        else this.#receiveControl(frame);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#logger.warn('streaming client broke the protocol; its connection is closed', {
        error: describeError(error),
      });
      this.#sayGoodbye(GO_AWAY_STATUS.protocolError);
      this.#transport.destroy();
    }
  }

  #receiveData({ streamId, payload, fin }: DataPiece): void {
    this.#flow.received(streamId, payload.length);
    const stream = this.#streams.get(streamId);
    if (stream?.isReceiving) {
      stream.receive(payload, fin);
      return;
    }
    // Of a stream that is over: it was on its way when we ended it.
    this.consumed(streamId, payload.length);
    if (streamId > this.#lastStreamId) this.#write(rstStream(streamId, RESET_STATUS.invalidStream));
  }

  #receiveControl(frame: ControlFrame): void {
    switch (frame.type) {
      case 'synStream':
        this.#open(frame);
        return;
      case 'rstStream':
        this.#streams.get(frame.streamId)?.cut();
        return;
      case 'settings':
        if (frame.initialWindow !== undefined) this.#flow.initialWindow(frame.initialWindow);
        this.#resumeSending();
        return;
      case 'windowUpdate':
        this.#flow.granted(frame.streamId, frame.delta);
        this.#resumeSending();
        return;
      case 'ping':
        // Odd ones are the client's; even ones answer ours.
        if (frame.id % 2 === 1) this.#write(ping(frame.id));
        return;
      case 'goAway':
        this.#logger.trace('streaming client says goodbye', { status: frame.status });
        this.#leaving = true;
        this.#closeIfLeft();
        return;
      case 'headers':
        if (frame.fin) this.#receiveData({ ...frame, type: 'data', payload: Buffer.alloc(0) });
        return;
      case 'synReply':
        throw new ProtocolError('SYN_REPLY from the side that opens the streams');
    }
  }

  #open({ streamId, headers, fin, unidirectional }: ControlFrame & { readonly type: 'synStream' }): void {
    if (streamId % 2 === 0 || streamId <= this.#lastStreamId) {
      throw new ProtocolError(`stream ${String(streamId)} after stream ${String(this.#lastStreamId)}`);
    }
    this.#lastStreamId = streamId;
    const refusal = this.#refusal(headers);
    if (refusal !== undefined) {
      this.#logger.warn('streaming client opens a stream that is refused', { reason: refusal });
      this.#write(rstStream(streamId, RESET_STATUS.refusedStream));
      return;
    }
    const stream = new SpdyStream(streamId, headers, this);
    // It can only fail because the connection is over, and that is told by `ended`.
    stream.on('error', () => undefined);
    this.#streams.set(streamId, stream);
    this.#flow.open(streamId);
    this.#write(this.#writer.synReply(streamId));
    this.#handlers.opened(stream);
    if (unidirectional) stream.end();
    if (fin) stream.receive(Buffer.alloc(0), true);
  }

  #refusal(headers: HeaderFields): string | undefined {
    if (this.#leaving) return 'the client has said goodbye';
    return this.#streams.size < MAX_STREAMS
      ? this.#handlers.refusal(headers)
      : `${String(MAX_STREAMS)} are open`;
  }

  /** Clients wait for the end of their streams, and some of them for ours to close. */
  #closeIfLeft(): void {
    if (this.#leaving && !this.#closing && this.#streams.size === 0) void this.close();
  }

  #resumeSending(): void {
    for (const stream of this.#streams.values()) stream.resumeSending();
  }

  /** While we don't read we don't see that the other side has gone; a write would. */
  #probePeer(): void {
    if (this.#congested.size === 0) return;
    this.#lastPing += 2;
    this.#write(ping(this.#lastPing));
  }

  #sayGoodbye(status: number): void {
    this.#closing = true;
    this.#write(goAway(this.#lastStreamId, status));
    this.#transport.end();
    this.#transport.resume(); // what still comes is thrown away, so that the other side's end is seen
  }

  #write(frame: Buffer): void {
    if (this.#transport.writable) this.#transport.write(frame);
  }

  #finish(): void {
    if (this.#ended.signal.aborted) return;
    clearInterval(this.#probe);
    this.#ended.abort(new Error('the streaming connection is over'));
    for (const stream of [...this.#streams.values()]) stream.cut();
    this.#transport.end();
  }
}
