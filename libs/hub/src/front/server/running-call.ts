import type { ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { RuntimeError } from '@crihub/kernel';
import type { CallContext } from './call-context.ts';

export type GrpcCall = ServerUnaryCall<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;

/** A client whose own timer fires first cancels just before the deadline that it announced. */
const DEADLINE_TOLERANCE_MS = 50;

/** A call from its arrival until its handler has ended; owns the signal that the handler gets. */
export class RunningCall implements Disposable {
  readonly context: CallContext;
  readonly #call: GrpcCall;
  readonly #controller = new AbortController();
  readonly #deadline: number;
  readonly #onCancelled = (): void => this.#leave();
  #callerLeft = false;

  constructor(method: string, call: GrpcCall) {
    const deadline = Number(call.getDeadline());
    const { signal } = this.#controller;
    this.#call = call;
    this.#deadline = deadline;
    this.context = Number.isFinite(deadline)
      ? { method, signal, deadlineMs: Math.max(0, deadline - Date.now()) }
      : { method, signal };
    call.once('cancelled', this.#onCancelled);
    if (call.cancelled) this.#leave();
  }

  /** Whether nobody waits for the answer any more. */
  get callerLeft(): boolean {
    return this.#callerLeft;
  }

  /** Aborts the handler's signal, unless it is aborted already. */
  abort(reason: RuntimeError): void {
    this.#controller.abort(reason);
  }

  /** gRPC also says "cancelled" after a call that ended well; nobody listens then. */
  [Symbol.dispose](): void {
    this.#call.off('cancelled', this.#onCancelled);
  }

  #leave(): void {
    const { method } = this.context;
    this.#callerLeft = true;
    const expired = Date.now() >= this.#deadline - DEADLINE_TOLERANCE_MS;
    this.abort(
      expired
        ? new RuntimeError('DeadlineExceeded', `the client's deadline for ${method} has passed`)
        : new RuntimeError('Cancelled', `the client cancelled ${method}`),
    );
  }
}
