/** The few ASN.1 types that a certificate is made of, in DER (X.690). */

const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
} as const;

export const sequence = (...parts: readonly Buffer[]): Buffer => tagged(TAG.sequence, Buffer.concat(parts));
export const set = (...parts: readonly Buffer[]): Buffer => tagged(TAG.set, Buffer.concat(parts));
export const octetString = (content: Buffer): Buffer => tagged(TAG.octetString, content);
export const utf8String = (text: string): Buffer => tagged(TAG.utf8String, Buffer.from(text));
export const bitString = (content: Buffer): Buffer =>
  tagged(TAG.bitString, Buffer.concat([Buffer.of(0), content]));

/** A number that is not negative, big-endian. */
export const integer = (bytes: Buffer): Buffer =>
  tagged(TAG.integer, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);

/** `YYMMDDhhmmssZ`; years from 1950 to 2049. */
export const utcTime = (time: Date): Buffer =>
  tagged(TAG.utcTime, Buffer.from(`${time.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));

/** `1.2.840.10045.4.3.2` */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(TAG.objectIdentifier, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** Any other tag: `0xa3` is [3] with a structure in it. */
export function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

function base128(value: number): readonly number[] {
  const digits = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x100) return Buffer.of(0x81, length);
  return Buffer.of(0x82, length >> 8, length & 0xff);
}
