import { RuntimeError } from '@crihub/kernel';
import { isAtLeast, type KernelVersion, runningKernel } from '../host/kernel-version.ts';
import { bindMount } from './operations.ts';
import { mountWithIdmappedLayers } from './overlay-idmapped.ts';
import { mountByContext } from './overlay-context.ts';
import type { OverlayMount } from './overlay-mount.ts';
import { mountByOptions } from './overlay-options.ts';

/** Mounts layers over each other, however many there are and however long their paths. */
export function mountOverlay(overlay: OverlayMount, kernel: KernelVersion = runningKernel()): void {
  const { lower, writable, target, attributes = [], idmap } = overlay;
  const [lowest, ...rest] = lower;
  if (lowest === undefined) {
    throw new RuntimeError('InvalidArgument', `overlay at ${target}: there is no lower layer`);
  }
  // 6.5: overlayfs takes layers one by one.
  const mountPlain = isAtLeast(kernel, 6, 5) ? mountByContext : mountByOptions;
  if (rest.length === 0 && writable === undefined) {
    // The kernel wants two layers at least; one that nobody can write to is the directory itself.
    bindMount({ source: lowest, target, set: ['readonly', ...attributes], idmap });
  } else if (idmap === undefined) mountPlain(overlay);
  else mountWithIdmappedLayers(overlay, idmap, mountPlain);
}
