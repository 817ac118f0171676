import { describeError, kindOf, RuntimeError, Semaphore } from '@crihub/kernel';
import { Request, Response } from '@crihub/wire/ttrpc';
import { codeOfKind } from '../../grpc-client/src/status-codes.ts';
import { encodeFrame, type Frame, FrameReader, FrameType } from './frames.ts';
import type { UnaryMethod } from './method.ts';
import type { Channel } from './mux.ts';

/** A peer that has so many calls waiting is cut off. */
const MAX_WAITING = 64;
const MAX_MESSAGE_LENGTH = 8 * 1024;

/** A call that is served; made by `serve`. */
export interface ServedMethod {
  readonly path: string;
  readonly handle: (payload: Buffer) => Promise<Buffer>;
}

export const serve = <Req, Res>(
  { path, requestDeserialize, responseSerialize }: UnaryMethod<Req, Res>,
  handler: (request: Req) => Promise<Res>,
): ServedMethod => ({
  path,
  handle: async (payload) => responseSerialize(await handler(requestDeserialize(payload))),
});

/** Serves calls of one connection, one at a time and in order. A handler's error is the answer to its call. */
export class TtrpcServer {
  readonly #channel: Channel;
  readonly #methods: ReadonlyMap<string, ServedMethod>;
  readonly #frames = new FrameReader();
  readonly #turn = new Semaphore(1);

  constructor(channel: Channel, methods: readonly ServedMethod[]) {
    this.#channel = channel;
    this.#methods = new Map(methods.map((method) => [method.path, method]));
    channel.onBytes = (bytes) => {
      for (const frame of this.#frames.push(bytes)) this.#receive(frame);
    };
  }

  #receive(frame: Frame): void {
    if (frame.type !== FrameType.request) return;
    if (this.#turn.waiting >= MAX_WAITING)
      throw new RuntimeError('ResourceExhausted', 'the peer has too many calls under way');
    // `#answer` never rejects: a failure is an answer too.
    void this.#turn.run(async () => this.#answer(frame));
  }

  async #answer({ streamId, payload }: Frame): Promise<void> {
    this.#channel.send(responseFrame(streamId, await this.#respond(payload)));
  }

  async #respond(bytes: Buffer): Promise<Response> {
    try {
      const { service, method, payload } = Request.decode(bytes);
      const served = this.#methods.get(`/${service}/${method}`);
      if (served === undefined) throw new RuntimeError('Unimplemented', `${service} has no ${method} here`);
      return { status: undefined, payload: await served.handle(payload) };
    } catch (error) {
      return failure(error);
    }
  }
}

/** An answer that is too long is an error to its caller. */
function responseFrame(streamId: number, response: Response): Buffer {
  const encode = (answer: Response): Buffer =>
    encodeFrame({
      streamId,
      type: FrameType.response,
      flags: 0,
      payload: Buffer.from(Response.encode(answer).finish()),
    });
  try {
    return encode(response);
  } catch (error) {
    return encode(failure(error));
  }
}

/** The message is cut, so that a failure can always be told. */
const failure = (error: unknown): Response => ({
  status: { code: codeOfKind(kindOf(error)), message: describeError(error).slice(0, MAX_MESSAGE_LENGTH) },
  payload: Buffer.alloc(0),
});
