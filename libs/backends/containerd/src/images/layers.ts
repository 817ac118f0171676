import { createHash } from 'node:crypto';
import type { ImageParts, ImageSourceLayer } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import { z } from 'zod';

/** A layer with what names it once it is unpacked. */
export interface ChainedLayer {
  readonly source: ImageSourceLayer;
  /** The digest of the unpacked archive. */
  readonly diffId: string;
  /** Names it together with all layers below it (OCI image specification, "Layer ChainID"). */
  readonly chainId: string;
}

const configSchema = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) });

/** The layers of an image, lowest first. @throws Internal if its config does not go with them. */
export function chainedLayers({ config, layers }: ImageParts): readonly ChainedLayer[] {
  const { rootfs } = configSchema.parse(JSON.parse(config.toString()));
  if (rootfs.diff_ids.length !== layers.length) {
    throw new RuntimeError(
      'Internal',
      `the image's config names ${String(rootfs.diff_ids.length)} layers, and it has ${String(layers.length)}`,
    );
  }
  let below = '';
  return layers.map((source, index) => {
    const diffId = rootfs.diff_ids[index] ?? '';
    below = below === '' ? diffId : `sha256:${sha256(`${below} ${diffId}`)}`;
    return { source, diffId, chainId: below };
  });
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const TAR = 'application/vnd.oci.image.layer.v1.tar';
const MEDIA_TYPES = { none: TAR, gzip: `${TAR}+gzip`, zstd: `${TAR}+zstd` } as const;

export const mediaTypeOf = ({ compression }: Pick<ImageSourceLayer, 'compression'>): string =>
  MEDIA_TYPES[compression];
