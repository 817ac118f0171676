import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, RuntimeError } from '@crihub/kernel';
import { listMounts } from '../mounts/mountinfo.ts';
import type { Mounts } from '../mounts/mounts.ts';
import type { PinnedNamespaces } from '../namespaces/pinned-namespaces.ts';

/** Whether something works on this host, found by doing it. */
export type Trial = { readonly usable: true } | { readonly usable: false; readonly reason: string };

export interface Trials {
  readonly userNamespaces: Trial;
  /** On the filesystem that the trial was made on. */
  readonly idmappedMounts: Trial;
  readonly recursiveReadOnlyMounts: Trial;
}

export interface TrialDependencies {
  readonly mounts: Mounts;
  readonly namespaces: PinnedNamespaces;
}

const MAPPING = [{ containerId: 0, hostId: 100_000, length: 65_536 }] as const;

/** Tries features of the kernel in a directory of its own below `parent`, and leaves nothing there. */
export async function tryFeatures(
  parent: string,
  { mounts, namespaces }: TrialDependencies,
  signal?: AbortSignal,
): Promise<Trials> {
  const directory = await mkdtemp(join(parent, 'trial-'));
  const [source, target, user] = ['source', 'target', 'user'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  try {
    await mkdir(source);
    await mkdir(target);
    const userNamespaces = await attempt(signal, () =>
      namespaces.create({ user: { path: user, uids: MAPPING, gids: MAPPING } }, signal),
    );
    const idmappedMounts = userNamespaces.usable
      ? await attempt(signal, () => mounts.bind({ source, target, idmap: user }, signal))
      : userNamespaces;
    const recursiveReadOnlyMounts = await attempt(signal, () =>
      tryRecursiveReadOnly(mounts, source, target, signal),
    );
    return { userNamespaces, idmappedMounts, recursiveReadOnlyMounts };
  } finally {
    await mounts.unmountUnder(directory);
    await rm(directory, { recursive: true });
  }
}

async function tryRecursiveReadOnly(
  mounts: Mounts,
  source: string,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const inner = join(source, 'inner');
  await mkdir(inner);
  await mounts.mountTmpfs({ target: inner }, signal);
  await mounts.bind({ source, target, recursive: true, set: ['readonly'], recursiveSettings: true }, signal);
  const bound = (await listMounts(join(target, 'inner')))[0];
  if (bound?.options.includes('ro') !== true) {
    throw new RuntimeError('Internal', 'a mount below a recursive read-only bind is writable');
  }
}

async function attempt(signal: AbortSignal | undefined, feature: () => Promise<void>): Promise<Trial> {
  try {
    await feature();
    return { usable: true };
  } catch (error) {
    signal?.throwIfAborted();
    return { usable: false, reason: describeError(error) };
  }
}
