import { type BackendPackage, CONTRACT_VERSION } from '@crihub/contract';
import { ProcessBackend } from './process-backend.ts';
import { type ProcessOptions, processOptions } from './options.ts';

/** What the hub loads for `backend: @crihub/backend-process`. */
export const backend: BackendPackage = {
  contractVersion: CONTRACT_VERSION,
  options: processOptions,
  create: (options, placement, services) =>
    new ProcessBackend(options as ProcessOptions, placement, services),
};
