import type { Digest } from '../digest.ts';
import type { Descriptor } from '../manifest.ts';

/** An image found in an archive; manifest and config are verified, the layers not yet. */
export interface ArchivedImage {
  /** References, as the archive has them. */
  readonly names: readonly string[];
  readonly manifest: { readonly digest: Digest; readonly content: Buffer };
  readonly config: { readonly digest: Digest; readonly content: Buffer };
  readonly layers: readonly Descriptor[];
  readonly fileOf: (layer: Descriptor, index: number) => string;
}
