import { refused } from '../content-error.ts';
import { printable } from './byte-string.ts';

const MAX_COMPONENT_BYTES = 255;
const MAX_PATH_BYTES = 3072;

/**
 * The path of an entry below the layer's root, as a byte string without leading or trailing slash; empty
 * for the root itself. A leading `/` is dropped, as tar does.
 * @throws FailedPrecondition for a path that climbs with `..`, has a NUL byte, or is too long.
 */
export function entryPath(name: string): string {
  if (isClean(name)) return name;
  if (name.includes('\0')) throw refused(`the path ${printable(name)} has a NUL byte`);
  const components = name.split('/').filter((component) => component !== '' && component !== '.');
  if (components.includes('..')) throw refused(`the path ${printable(name)} leaves the layer by ".."`);
  if (
    components.some((component) => component.length > MAX_COMPONENT_BYTES) ||
    name.length > MAX_PATH_BYTES
  ) {
    throw refused(`the path ${printable(name)} is too long`);
  }
  return components.join('/');
}

/** The common case, told without splitting: no empty, `.` or `..` component, and short. */
const isClean = (name: string): boolean =>
  name.length <= MAX_COMPONENT_BYTES && !UNCLEAN.test(name) && name !== '' && !name.includes('\0');

const UNCLEAN = /(?:^|\/)\.{0,2}(?:\/|$)/;

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

export const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
