import { createHash } from 'node:crypto';
import { RuntimeError } from '@crihub/kernel';

declare const brand: unique symbol;

/** `sha256:` and 64 hex digits: the name of a blob, a layer or an image by its content. */
export type Digest = `sha256:${string}` & { readonly [brand]: 'Digest' };

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** True for a digest that the store can verify. */
export const isDigest = (text: string): text is Digest => DIGEST.test(text);

/** @throws InvalidArgument for anything but `sha256:` and 64 lower-case hex digits. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new RuntimeError(
    'InvalidArgument',
    `digest "${text.slice(0, 100)}" is not valid: write sha256: and 64 hex digits`,
  );
}

/** The 64 hex digits, which name the blob's file. */
export const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);

export const digestOfHex = (hex: string): Digest => parseDigest(`sha256:${hex}`);

/** The digest of bytes that fit in memory. */
export const digestOf = (content: Uint8Array): Digest =>
  digestOfHex(createHash('sha256').update(content).digest('hex'));
