import { type BackendPackage, CONTRACT_VERSION } from '@crihub/contract';
import { StillEmptyBackend } from './still-empty-backend.ts';
import { type StillEmptyOptions, stillEmptyOptions } from './options.ts';

/** What the hub loads for `backend: @crihub/backend-still-empty`. */
export const backend: BackendPackage = {
  contractVersion: CONTRACT_VERSION,
  options: stillEmptyOptions,
  create: (options, placement, services) =>
    new StillEmptyBackend(options as StillEmptyOptions, placement, services),
};
