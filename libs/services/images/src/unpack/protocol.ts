import type { ErrorKind } from '@crihub/kernel';
import type { ArchiveMember, SplitJob } from './archive-splitter.ts';
import type { LayerUsage } from './layer-writer.ts';
import type { LayerJob } from './unpack-layer.ts';

/** What a worker is asked to do with a file, which may still be growing. */
export type Job =
  | { readonly type: 'layer'; readonly layer: LayerJob }
  | { readonly type: 'split'; readonly archive: SplitJob };

export interface JobResults {
  readonly layer: LayerUsage;
  readonly split: readonly ArchiveMember[];
}

export type ToWorker =
  | { readonly type: 'start'; readonly id: number; readonly job: Job; readonly path: string }
  /** `bytes` of the file are there; `complete` if no more will come. */
  | { readonly type: 'grown'; readonly id: number; readonly bytes: number; readonly complete: boolean }
  | { readonly type: 'abort'; readonly id: number };

export type FromWorker =
  | { readonly type: 'done'; readonly id: number; readonly result: JobResults[keyof JobResults] }
  | { readonly type: 'failed'; readonly id: number; readonly error: WireError };

/** An error as it crosses threads, where classes are lost. */
export interface WireError {
  readonly kind: ErrorKind;
  readonly message: string;
}
