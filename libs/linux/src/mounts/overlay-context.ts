import { LayerPaths } from './layer-paths.ts';
import { closeDescriptor } from '../syscalls/libc.ts';
import { attach, createFilesystem, type FilesystemParameter } from '../syscalls/mount.ts';
import type { OverlayMount } from './overlay-mount.ts';

/** The kernel copies at most this much of a parameter, with the NUL that ends it (`fsconfig(2)`). */
const PARAMETER_BYTES = 256;

/** Mounts layer by layer through a filesystem context: no limit but overlayfs's own 500 layers. Linux 6.5. */
export function mountByContext({
  lower,
  writable,
  target,
  attributes = [],
  options = [],
}: OverlayMount): void {
  using paths = new LayerPaths();
  const place = (path: string): string => (needsShortPath(path) ? paths.of(path) : path);
  const parameters: FilesystemParameter[] = options.map(parameterOf);
  for (const path of lower.toReversed()) parameters.push({ key: 'lowerdir+', value: place(path) });
  if (writable !== undefined) {
    parameters.push({ key: 'upperdir', value: place(writable.upper) });
    parameters.push({ key: 'workdir', value: place(writable.work) });
  }
  const mounted = createFilesystem('overlay', parameters, [
    ...attributes,
    ...(writable === undefined ? (['readonly'] as const) : []),
  ]);
  try {
    attach(mounted, target);
  } finally {
    closeDescriptor(mounted);
  }
}

/** Overlayfs takes a backslash as the start of an escape. */
const needsShortPath = (path: string): boolean =>
  Buffer.byteLength(path) >= PARAMETER_BYTES || path.includes('\\');

function parameterOf(option: string): FilesystemParameter {
  const equals = option.indexOf('=');
  return equals < 0 ? { flag: option } : { key: option.slice(0, equals), value: option.slice(equals + 1) };
}
