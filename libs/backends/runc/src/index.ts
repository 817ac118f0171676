export type { CdiResolver } from '@crihub/service-sandbox';
export { type RuncOptions, runcOptions, type RuncPlacement } from './options.ts';
export type { RuncBackendDependencies, RuncSettings } from './assembly.ts';
export { RuncBackend } from './runc-backend.ts';
