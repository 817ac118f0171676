import { RuntimeError } from '@crihub/kernel';
import type { Field } from '@crihub/wire/nri';

/** One thing that a plugin changes: at most one plugin may set a field, or one key of a field with keys. */
export interface Claim<Subject> {
  readonly field: Field;
  /** What of the field: the destination of a mount, the name of a variable. */
  readonly key?: string;
  /** To remove something is to be free to set it, also if another plugin had set it before. */
  readonly change: 'set' | 'remove';
  readonly apply: (subject: Subject) => Subject;
}

/** What begins so is to be removed. */
const REMOVAL_MARK = '-';

/** Tells `-name` from `name`. */
export const parseMarked = (name: string): { readonly key: string; readonly change: 'set' | 'remove' } =>
  name.startsWith(REMOVAL_MARK)
    ? { key: name.slice(REMOVAL_MARK.length), change: 'remove' }
    : { key: name, change: 'set' };

/** A plugin asked for what makes no sense. */
export const invalid = (sentence: string): RuntimeError => new RuntimeError('InvalidArgument', sentence);

/** A plugin asked for what crihub has no way to do. */
export const unsupported = (what: string): RuntimeError =>
  new RuntimeError('Unimplemented', `${what} can't be adjusted here`);

/** @throws InvalidArgument beyond what a number holds exactly. */
export function integer(value: bigint, what: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw invalid(`${what} is ${String(value)}, which is out of range`);
}

/** @throws InvalidArgument for a path that is not absolute, or not in its shortest form. */
export function absolutePath(path: string, what: string): string {
  const parts = path.split('/').slice(1);
  const plain = path.startsWith('/') && !path.includes('\0') && !parts.some((part) => part === '..');
  if (!plain) throw invalid(`${what} is '${path}', and must be an absolute path without '..'`);
  return path;
}
