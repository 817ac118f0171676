export {
  type CallOptions,
  GrpcConnection,
  type GrpcConnectionOptions,
  type GrpcMethod,
} from './grpc-connection.ts';
