import type { handleUnaryCall } from '@grpc/grpc-js';
import type { CallRunner } from './call-runner.ts';
import { encodeResponse } from './codec.ts';
import type { Method, UnaryHandler } from './handlers.ts';

/** Makes an async function answer a call with one response. */
export function unary<Request, Response>(
  method: Method<Request, Response>,
  handler: UnaryHandler<Request, Response>,
  runner: CallRunner,
): handleUnaryCall<Buffer, Buffer> {
  return (call, answer) => {
    void runner.run(method, call, {
      serve: async (request, context) => {
        const response = await handler(request, context);
        answer(null, encodeResponse(method, response));
        return response;
      },
      fail: (status) => answer(status),
    });
  };
}
