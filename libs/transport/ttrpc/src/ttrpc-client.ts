import { RuntimeError, untilAborted } from '@crihub/kernel';
import { Request, Response } from '@crihub/wire/ttrpc';
import { kindOfCode } from '../../grpc-client/src/status-codes.ts';
import { encodeFrame, type Frame, FrameReader, FrameType } from './frames.ts';
import { splitPath, type UnaryMethod } from './method.ts';
import type { Channel } from './mux.ts';

const NANOSECONDS = 1_000_000n;

/** Calls over one connection. Several may be under way; ttrpc has no word to cancel one. */
export class TtrpcClient {
  readonly #channel: Channel;
  readonly #waiting = new Map<number, PromiseWithResolvers<Response>>();
  readonly #frames = new FrameReader();
  #closed: RuntimeError | undefined;
  // Streams that a client begins have odd numbers.
  #nextStream = 1;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.onBytes = (bytes) => {
      for (const frame of this.#frames.push(bytes)) this.#receive(frame);
    };
  }

  /**
   * @throws DeadlineExceeded after `timeoutMs`; Unavailable if the connection ends; ResourceExhausted for a request too
   * long to be sent; else what the peer says.
   */
  async call<Req, Res>(
    { path, requestSerialize, responseDeserialize }: UnaryMethod<Req, Res>,
    request: Req,
    timeoutMs: number,
  ): Promise<Res> {
    if (this.#closed !== undefined) throw this.#closed;
    const streamId = this.#nextStream;
    const payload = Buffer.from(
      Request.encode({
        ...splitPath(path),
        payload: requestSerialize(request),
        timeoutNano: BigInt(timeoutMs) * NANOSECONDS,
        metadata: [],
      }).finish(),
    );
    const frame = encodeFrame({ streamId, type: FrameType.request, flags: 0, payload });
    this.#nextStream += 2;
    const answered = Promise.withResolvers<Response>();
    this.#waiting.set(streamId, answered);
    this.#channel.send(frame);
    try {
      const { status, payload: answer } = await inTime(answered.promise, path, timeoutMs);
      if (status !== undefined && status.code !== 0)
        throw new RuntimeError(kindOfCode(status.code), status.message, { operation: path });
      return responseDeserialize(answer);
    } finally {
      this.#waiting.delete(streamId);
    }
  }

  /** Ends what is under way, and refuses what comes. */
  close(why: RuntimeError): void {
    this.#closed = why;
    for (const answered of this.#waiting.values()) answered.reject(why);
  }

  #receive({ streamId, type, payload }: Frame): void {
    // The answer to a call that was given up is nobody's.
    if (type === FrameType.response) this.#waiting.get(streamId)?.resolve(Response.decode(payload));
  }
}

async function inTime<T>(answer: Promise<T>, path: string, timeoutMs: number): Promise<T> {
  const late = new AbortController();
  const { method } = splitPath(path);
  const timer = setTimeout(
    () =>
      late.abort(
        new RuntimeError('DeadlineExceeded', `${method} was not answered within ${String(timeoutMs)} ms`, {
          operation: path,
        }),
      ),
    timeoutMs,
  );
  try {
    return await untilAborted(answer, late.signal);
  } finally {
    clearTimeout(timer);
  }
}
