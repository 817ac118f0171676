export {
  type CallOptions,
  GrpcConnection,
  type GrpcConnectionOptions,
  type GrpcMethod,
} from './grpc-connection.ts';
export { codeOfKind, kindOfCode } from './status-codes.ts';
