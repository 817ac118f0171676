import type { OperationName } from './operations.ts';
import type { TransferableError } from './transferable-error.ts';

export interface WorkerRequest {
  readonly id: number;
  readonly operation: OperationName;
  readonly input: unknown;
}

export type WorkerResponse =
  | { readonly id: number; readonly ok: true; readonly output: unknown }
  | {
      readonly id: number;
      readonly ok: false;
      readonly error: TransferableError;
      /** The thread could not go back to its own namespaces: it must do nothing more. */
      readonly lost: boolean;
    };
