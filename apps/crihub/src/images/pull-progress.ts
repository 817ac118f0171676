import { type PullImageResponse, PullPhase } from '@crihub/wire/admin';
import { formatBytes } from '../output/bytes.ts';

/** Shows how far a pull is, beside the result. Dispose of it at the end. */
export interface PullDisplay extends Disposable {
  show(progress: PullImageResponse): Promise<void>;
}

/** Layers and bytes in words. */
export function describeProgress({ phase, layers, layersDone, bytes, bytesDone }: PullImageResponse): string {
  if (phase === PullPhase.PULL_PHASE_RESOLVING) return 'resolving';
  if (layers === 0) return 'already here';
  return `${String(layersDone)} of ${String(layers)} layers, ${formatBytes(bytesDone)} of ${formatBytes(bytes)}`;
}
