import { RuntimeError } from '@crihub/kernel';
import { EncodedResponse } from './encoded-response.ts';
import type { Answer, Method } from './handlers.ts';

/** @throws InvalidArgument if the bytes are not a message of the method. */
export function decodeRequest<Request>(method: Method<Request, never>, bytes: Buffer): Request {
  try {
    return method.requestDeserialize(bytes);
  } catch (cause) {
    throw new RuntimeError('InvalidArgument', `can't decode the request of ${method.path}`, { cause });
  }
}

/** @throws Internal if the handler's answer has a value that its field can't hold. */
export function encodeResponse<Response>(
  method: Pick<Method<unknown, Response>, 'path' | 'responseSerialize'>,
  response: Answer<Response>,
): Buffer {
  if (response instanceof EncodedResponse) return response.bytes;
  try {
    return method.responseSerialize(response);
  } catch (cause) {
    throw new RuntimeError('Internal', `can't encode the response of ${method.path}`, { cause });
  }
}
