export type { CdiResolver } from './bundle/container-specs.ts';
export { type RuncOptions, runcOptions, type RuncPlacement } from './options.ts';
export type { RuncBackendDependencies, RuncSettings } from './assembly.ts';
export { RuncBackend } from './runc-backend.ts';
