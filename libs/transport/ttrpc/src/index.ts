export type { UnaryMethod } from './method.ts';
export { type Channel, Mux } from './mux.ts';
export { TtrpcClient } from './ttrpc-client.ts';
export { serve, type ServedMethod, TtrpcServer } from './ttrpc-server.ts';
