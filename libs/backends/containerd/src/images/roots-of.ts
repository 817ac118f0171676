import type { ImageSource } from '@crihub/contract';
import type { GrpcConnection } from '@crihub/transport/grpc-client';
import { ContentStore } from '../api/content-store.ts';
import { LeaseService } from '../api/lease-service.ts';
import { SnapshotService } from '../api/snapshot-service.ts';
import { type ContainerdOptions, type ContainerdPlacement, snapshotterOf } from '../options.ts';
import { type ContainerRoots, HUB_ROOTS, SnapshotRoots } from './container-roots.ts';
import { ImageCopies } from './image-copies.ts';

/** A layer of some GiB on a slow disk. */
const APPLY_TIMEOUT_MS = 20 * 60_000;

/** Where this handler's containers have their root filesystems from, and the copies of images behind it. */
export function rootsOf(
  options: ContainerdOptions & Pick<ContainerdPlacement, 'handler'>,
  connection: GrpcConnection,
  source: ImageSource,
): { readonly roots: ContainerRoots; readonly copies: ImageCopies | undefined } {
  const snapshotter = snapshotterOf(options);
  if (snapshotter === undefined) return { roots: HUB_ROOTS, copies: undefined };
  const snapshots = new SnapshotService({ snapshotter, applyTimeoutMs: APPLY_TIMEOUT_MS }, connection);
  const leases = new LeaseService(connection);
  const content = new ContentStore(connection);
  const images = new ImageCopies({ handler: options.handler }, { source, leases, content, snapshots });
  return { roots: new SnapshotRoots({ snapshotter }, { images, snapshots }), copies: images };
}
