import { dirname } from 'node:path';
import type { WritableLayer } from '@crihub/contract';
import type { SnapshotMount } from '../api/snapshot-service.ts';

const UPPER = 'upperdir=';

/**
 * Where a snapshot takes a container's changes, if it keeps them apart: those of overlays do. Other
 * snapshotters have one tree for the image and its changes, or a device.
 */
export function writableLayerOf(mounts: readonly SnapshotMount[]): WritableLayer | undefined {
  const overlay = mounts.find(({ type }) => type === 'overlay');
  const upper = overlay?.options.find((option) => option.startsWith(UPPER))?.slice(UPPER.length);
  // It is `<store>/<number>/fs`.
  return upper === undefined ? undefined : { directory: upper, store: dirname(dirname(upper)) };
}
