import { RuntimeError } from '@crihub/kernel';
import { changeMount, MNT_DETACH, mount, unmount } from '../syscalls/mount.ts';
import type { OverlayMount } from './overlay-mount.ts';
import { LayerPaths } from './layer-paths.ts';

/** mount(2) takes one page of options, with the NUL that ends them. */
const PAGE_BYTES = 4096;

/**
 * Mounts with all layers in one text of options, for kernels before 6.5. The layers go by file descriptor:
 * that is short, and needs no escapes for commas and colons.
 */
export function mountByOptions({
  lower,
  writable,
  target,
  attributes = [],
  options = [],
}: OverlayMount): void {
  using paths = new LayerPaths();
  const layers = lower.toReversed().map((path) => paths.of(path));
  const changes =
    writable === undefined
      ? []
      : [`upperdir=${paths.of(writable.upper)}`, `workdir=${paths.of(writable.work)}`];
  const text = [...options, `lowerdir=${layers.join(':')}`, ...changes].join(',');
  if (text.length >= PAGE_BYTES) {
    throw new RuntimeError(
      'FailedPrecondition',
      `overlay at ${target}: ${String(lower.length)} layers are too many for this kernel (6.5 or later has no such limit)`,
    );
  }
  mount('overlay', target, 'overlay', 0, text);
  const set = [...attributes, ...(writable === undefined ? (['readonly'] as const) : [])];
  if (set.length === 0) return;
  try {
    changeMount(target, { set });
  } catch (error) {
    unmount(target, MNT_DETACH);
    throw error;
  }
}
