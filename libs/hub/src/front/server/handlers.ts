import type { AdminService } from '@crihub/wire/admin';
import type { ImageServiceService, RuntimeServiceService } from '@crihub/wire/cri';
import type { CallContext } from './call-context.ts';
import type { EncodedResponse } from './encoded-response.ts';

/** One RPC: how it is named and how its messages are coded. */
export interface Method<Request, Response> {
  /** `/runtime.v1.RuntimeService/Version` */
  readonly path: string;
  readonly responseStream: boolean;
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (response: Response) => Buffer;
}

export type Answer<Response> = Response | EncodedResponse;

/** Rejections become a gRPC status by their kind. */
export type UnaryHandler<Request, Response> = (
  request: Request,
  context: CallContext,
) => Promise<Answer<Response>>;

/** Is asked for the next message when the client has taken the one before; ends when the signal aborts. */
export type StreamHandler<Request, Response> = (
  request: Request,
  context: CallContext,
) => AsyncIterable<Answer<Response>>;

type NameOf<Definition> = Definition extends { readonly path: `/${string}/${infer Name}` } ? Name : never;

type HandlerOf<Definition> = Definition extends {
  readonly responseStream: infer Streams;
  readonly requestDeserialize: (bytes: Buffer) => infer Request;
  readonly responseDeserialize: (bytes: Buffer) => infer Response;
}
  ? Streams extends true
    ? StreamHandler<Request, Response>
    : UnaryHandler<Request, Response>
  : never;

/** A handler for every RPC of a service, by the name that the RPC has in the `.proto`. */
export type ServiceHandlers<Service> = {
  readonly [Key in keyof Service as NameOf<Service[Key]>]: HandlerOf<Service[Key]>;
};

/** All of the CRI. */
export interface CriHandlers {
  readonly runtime: ServiceHandlers<typeof RuntimeServiceService>;
  readonly image: ServiceHandlers<typeof ImageServiceService>;
}

/** All that the socket serves: the CRI, and the operator's service. */
export interface HubHandlers extends CriHandlers {
  readonly admin: ServiceHandlers<typeof AdminService>;
}
