export type { CallContext } from './call-context.ts';
export { type CallCode, type CallObserver, ignoreCalls } from './call-observer.ts';
export { CriServer, type CriServerDependencies, type CriServerOptions } from './cri-server.ts';
export { EncodedResponse } from './encoded-response.ts';
export type {
  Answer,
  CriHandlers,
  HubHandlers,
  ServiceHandlers,
  StreamHandler,
  UnaryHandler,
} from './handlers.ts';
