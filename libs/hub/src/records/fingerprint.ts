import { createHash } from 'node:crypto';

/** A digest of an encoded request: equal for a retry, different for another request under the same name. */
export const fingerprint = (encoded: Uint8Array): string =>
  createHash('sha256').update(encoded).digest('base64url');
