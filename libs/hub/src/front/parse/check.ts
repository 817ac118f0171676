import { RuntimeError } from '@crihub/kernel';

/** The refusal of a request: the sentence names the field, what it held, and what is allowed. */
export const invalid = (message: string): RuntimeError => new RuntimeError('InvalidArgument', message);

/** The value, or a refusal that names the missing field. */
export function required<T>(value: T | undefined, field: string): T {
  if (value === undefined || value === '') throw invalid(`${field} is missing`);
  return value;
}

/** A 64-bit number of the wire as a plain number. @throws if it can't be held exactly. */
export function integer(value: bigint, field: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw invalid(`${field} is ${String(value)}, which is beyond ±2^53`);
  }
  return Number(value);
}

/** The user or group id. @throws if it is not one. */
export function userId(value: bigint, field: string): number {
  if (value < 0n || value > 0xffff_fffen) {
    throw invalid(`${field} is ${String(value)}; ids go from 0 to 4294967294`);
  }
  return Number(value);
}

/** An absolute path without `..`, with a leading `/` put before a relative one. */
export function containerPath(text: string, field: string): string {
  checkPath(text, field);
  return text.startsWith('/') ? text : `/${text}`;
}

/** An absolute path on the host, without `..`. */
export function hostPath(text: string, field: string): string {
  checkPath(text, field);
  if (!text.startsWith('/')) throw invalid(`${field} is '${text}'; an absolute path is needed`);
  return text;
}

/** Rejects what could leave a directory that the path is joined to. */
export function checkPath(text: string, field: string): void {
  if (text === '') throw invalid(`${field} is missing`);
  if (text.includes('\0')) throw invalid(`${field} contains a NUL byte`);
  if (text.split('/').includes('..')) throw invalid(`${field} is '${text}'; '..' is not allowed in it`);
}
