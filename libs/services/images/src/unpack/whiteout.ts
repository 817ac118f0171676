import { refused } from '../content-error.ts';
import { printable } from './byte-string.ts';
import { baseOf, parentOf } from './entry-path.ts';

/** What an entry whose name starts with `.wh.` means (OCI image spec, layer.md). */
export type Whiteout =
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'opaque'; readonly directory: string }
  /** Bookkeeping of aufs that old versions of Docker packed too. */
  | { readonly kind: 'ignore' };

const PREFIX = '.wh.';
const OPAQUE = '.wh..wh..opq';

/** @throws FailedPrecondition for a whiteout of `.`, `..` or nothing, and for a path inside a whiteout. */
export function parseWhiteout(path: string): Whiteout | undefined {
  if (!path.includes(PREFIX)) return undefined;
  const [base, directory] = [baseOf(path), parentOf(path)];
  if (`${path}/`.includes('.wh..wh.plnk/') || `${path}/`.includes('.wh..wh.aufs/')) {
    return { kind: 'ignore' };
  }
  if (directory.split('/').some((component) => component.startsWith(PREFIX))) {
    throw refused(`the path ${printable(path)} goes through a whiteout`);
  }
  if (base === OPAQUE) return { kind: 'opaque', directory };
  if (!base.startsWith(PREFIX)) return undefined;
  const hidden = base.slice(PREFIX.length);
  if (hidden === '' || hidden === '.' || hidden === '..') {
    throw refused(`the whiteout ${printable(path)} names no file`);
  }
  if (hidden.startsWith(PREFIX)) return { kind: 'ignore' };
  return { kind: 'remove', path: directory === '' ? hidden : `${directory}/${hidden}` };
}
