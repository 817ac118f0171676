import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import { untilAborted } from '@crihub/kernel';
import type { CallRunner } from './call-runner.ts';
import { encodeResponse } from './codec.ts';
import type { Method, StreamHandler } from './handlers.ts';

/**
 * Makes an async iterable answer a call with a stream. One message is on its way at a time, so that a slow
 * reader slows the handler and costs the memory of one message.
 */
export function serverStream<Request, Response>(
  method: Method<Request, Response>,
  handler: StreamHandler<Request, Response>,
  runner: CallRunner,
): handleServerStreamingCall<Buffer, Buffer> {
  return (call) => {
    void runner.run<Request, Response>(method, call, {
      serve: async (request, context) => {
        for await (const message of handler(request, context)) {
          await write(call, encodeResponse(method, message), context.signal);
        }
        call.end();
        return undefined;
      },
      // Not destroy(): grpc-js sends the status from its error listener, after what was written.
      fail: (status) => void call.emit('error', status),
    });
  };
}

// The callback comes when HTTP/2 has taken the message, and never after a cancellation.
async function write(
  call: ServerWritableStream<Buffer, Buffer>,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  call.write(bytes, (error?: Error | null) => (error ? reject(error) : resolve()));
  await untilAborted(promise, signal);
}
