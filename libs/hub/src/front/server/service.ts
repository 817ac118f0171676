import type { Server, ServiceDefinition, UntypedHandleCall } from '@grpc/grpc-js';
import { RuntimeError } from '@crihub/kernel';
import { type CallRunner, methodName } from './call-runner.ts';
import type { Method, ServiceHandlers, StreamHandler, UnaryHandler } from './handlers.ts';
import { serverStream } from './server-stream.ts';
import { unary } from './unary.ts';

type Definition = Readonly<Record<string, Method<unknown, never>>>;
type AnyMethod = Method<unknown, unknown>;

/**
 * Adds a service to a gRPC server. To gRPC all its messages are bytes: coding belongs to the call, so that
 * a message that can't be coded is reported as any other failure.
 */
export function addService<Service extends Definition>(
  server: Server,
  definition: Service,
  handlers: ServiceHandlers<Service>,
  runner: CallRunner,
): void {
  const methods = Object.entries(definition) as unknown as [string, AnyMethod][];
  const bytesDefinition: ServiceDefinition = Object.fromEntries(
    methods.map(([key, method]) => [key, passBytes(method)]),
  );
  const implementation = Object.fromEntries(
    methods.map(([key, method]) => [key, adapt(method, handlers, runner)]),
  );
  server.addService(bytesDefinition, implementation);
}

const sameBytes = (bytes: Buffer): Buffer => bytes;

const passBytes = ({ path, responseStream }: AnyMethod): ServiceDefinition[string] => ({
  path,
  requestStream: false,
  responseStream,
  requestSerialize: sameBytes,
  requestDeserialize: sameBytes,
  responseSerialize: sameBytes,
  responseDeserialize: sameBytes,
});

function adapt(method: AnyMethod, handlers: object, runner: CallRunner): UntypedHandleCall {
  const handler = handlerNamed(handlers, methodName(method));
  return method.responseStream
    ? serverStream(method, handler as StreamHandler<unknown, unknown>, runner)
    : unary(method, handler as UnaryHandler<unknown, unknown>, runner);
}

// ServiceHandlers says that each handler is there and fits its method; by name, TypeScript can't follow.
function handlerNamed(handlers: object, name: string): unknown {
  const handler: unknown = Reflect.get(handlers, name);
  if (typeof handler !== 'function') throw new RuntimeError('Internal', `there is no handler for ${name}`);
  return handler.bind(handlers) as unknown;
}
