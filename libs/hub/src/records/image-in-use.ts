import type { Records } from './records.ts';

/** Whether a container was made from an image, or mounts it. */
export const imageInUse = (
  records: Pick<Records, 'containers'>,
  imageId: string,
  imageOf: (reference: string) => string | undefined,
): boolean =>
  records.containers
    .all()
    .some(
      ({ container, mounts }) =>
        container.imageId === imageId ||
        mounts.some((mount) => 'image' in mount && imageOf(mount.image) === imageId),
    );
