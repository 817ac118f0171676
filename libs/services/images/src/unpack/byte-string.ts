/**
 * Names in archives are bytes, not text. Here they are strings with one character a byte (latin1), which
 * compare and split like text and lose nothing.
 */

/** A byte string for a message: quoted, without control characters, and not too long. */
export const printable = (bytes: string): string =>
  JSON.stringify(Buffer.from(bytes.slice(0, 300), 'latin1').toString('utf8'));

/** A byte string for the file system; the common ASCII case needs no copy. */
export const toPath = (bytes: string): string | Buffer =>
  ASCII.test(bytes) ? bytes : Buffer.from(bytes, 'latin1');

/** Text as a byte string. */
export const fromText = (text: string): string =>
  ASCII.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');

const ASCII = /^[\x00-\x7f]*$/;
