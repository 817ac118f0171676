export { KataBackend, type KataBackendDependencies, type KataSettings } from './kata-backend.ts';
export { type KataOptions, kataOptions, type KataPlacement } from './options.ts';
