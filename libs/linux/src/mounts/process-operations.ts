import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { inMountsOf } from '../namespaces/process-mounts.ts';
import type { ProcessRef } from '../processes/process-ref.ts';
import { attach, changeMount } from '../syscalls/mount.ts';
import { replaceRoot } from '../syscalls/root.ts';
import { isAtOrUnder, parseMountInfo } from './mountinfo.ts';
import { type BindMount, bindMount, moveMount, mountTmpfs, unmountAt, withClone } from './operations.ts';

export interface Confinement {
  /** With a mount namespace of its own, in which no mount is shared. */
  readonly process: ProcessRef;
  /** A directory to build the new root at; what is in it stays. */
  readonly directory: string;
  /** What it keeps: mounts of its namespace, and where they are from then on. */
  readonly keep: readonly { readonly from: string; readonly to: string }[];
}

/** For the few directories of its root. */
const ROOT_BYTES = 64 * 1024;

/**
 * Takes everything from a running process but a few mounts and its own part of `/proc`. What it has open stays
 * open. It fails as a whole or leaves a process that must be ended.
 */
export function confineProcess({ process, directory, keep }: Confinement): void {
  const pid = String(process.pid);
  inMountsOf(process, () => {
    const attributes = ['nosuid', 'nodev', 'noexec'] as const;
    mountTmpfs({ target: directory, sizeBytes: ROOT_BYTES, mode: 0o755, attributes });
    for (const { from, to } of keep) {
      mkdirSync(join(directory, to), { recursive: true });
      moveMount(from, join(directory, to));
    }
    const proc = join(directory, 'proc', pid);
    mkdirSync(proc, { recursive: true });
    symlinkSync(pid, join(directory, 'proc/self'));
    bindMount({ source: `/proc/${pid}`, target: proc });
    changeMount(directory, { set: ['readonly'] });
    replaceRoot(directory);
  });
}

/** Binds what we see at `source` to where the process sees `target`, without a mount of ours. */
export function bindMountOf({ process, ...mount }: BindMount & { readonly process: ProcessRef }): void {
  withClone(mount, (tree) => inMountsOf(process, () => attach(tree, mount.target)));
}

/** Detaches all mounts of a process's namespace at and under a directory. */
export function unmountUnderOf({
  process,
  directory,
}: {
  readonly process: ProcessRef;
  readonly directory: string;
}): void {
  inMountsOf(process, () => {
    const text = readFileSync(`/proc/${String(process.pid)}/mountinfo`, 'utf8');
    const targets = parseMountInfo(text).map(({ target }) => target);
    const under = targets.filter((target) => isAtOrUnder(target, directory));
    for (const target of under.toReversed()) unmountAt({ target, detach: true });
  });
}
