import { readdir } from 'node:fs/promises';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import { readText } from '../files/read-text.ts';
import { listMounts, type MountEntry } from '../mounts/mountinfo.ts';

/** One mounted v1 hierarchy. A named one has its name (`name=systemd`) as its only controller. */
export interface CgroupHierarchy {
  readonly root: string;
  readonly controllers: readonly string[];
}

/** How this host's cgroups are mounted. A hybrid host is v1: its unified hierarchy has no controllers. */
export type CgroupLayout =
  | { readonly version: 'v2'; readonly root: string; readonly controllers: readonly string[] }
  | {
      readonly version: 'v1';
      readonly hierarchies: readonly CgroupHierarchy[];
      /** Where a hybrid host has the unified hierarchy. */
      readonly unified: string | undefined;
    };

const CGROUP_ROOT = '/sys/fs/cgroup';
const HUGEPAGES_DIRECTORY = '/sys/kernel/mm/hugepages';

/** @throws FailedPrecondition if no cgroups are mounted. */
export async function detectCgroupLayout(): Promise<CgroupLayout> {
  const mounts = await listMounts(CGROUP_ROOT);
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  const controllers = unified && (await readText(`${unified.target}/cgroup.controllers`));
  return cgroupLayoutOf(mounts, controllers?.trim().split(' ').filter(Boolean) ?? []);
}

/** The layout from the mounts, and from the controllers that the unified hierarchy has, if it is mounted. */
export function cgroupLayoutOf(
  mounts: readonly MountEntry[],
  unifiedControllers: readonly string[],
): CgroupLayout {
  const unified = mounts.find(({ type }) => type === 'cgroup2')?.target;
  const hierarchies = mounts
    .filter(({ type }) => type === 'cgroup')
    .map(({ target, superOptions }) => ({ root: target, controllers: controllersOf(superOptions) }));
  if (hierarchies.length > 0) return { version: 'v1', hierarchies, unified };
  if (unified !== undefined) return { version: 'v2', root: unified, controllers: unifiedControllers };
  throw new RuntimeError('FailedPrecondition', `no cgroups are mounted under ${CGROUP_ROOT}`);
}

/** Sizes of huge pages of this host as cgroup files name them: `2MB`, `1GB`. */
export async function detectHugepageSizes(): Promise<readonly string[]> {
  try {
    const names = await readdir(HUGEPAGES_DIRECTORY);
    return names.flatMap((name) => hugepageSizeOf(name) ?? []);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** `hugepages-2048kB` is `2MB`. */
export function hugepageSizeOf(directory: string): string | undefined {
  const match = /^hugepages-(\d+)kB$/.exec(directory);
  if (match === null) return undefined;
  const kibibytes = Number(match[1]);
  if (kibibytes >= 1024 * 1024) return `${String(kibibytes / (1024 * 1024))}GB`;
  return kibibytes >= 1024 ? `${String(kibibytes / 1024)}MB` : `${String(kibibytes)}KB`;
}

/** The roots of all hierarchies that hold processes. */
export const rootsOf = (layout: CgroupLayout): readonly string[] =>
  layout.version === 'v2'
    ? [layout.root]
    : [
        ...layout.hierarchies.map(({ root }) => root),
        ...(layout.unified === undefined ? [] : [layout.unified]),
      ];

/** Where a controller is mounted; `undefined` if this host does not have it. */
export function rootOfController(layout: CgroupLayout, controller: string): string | undefined {
  if (layout.version === 'v2') return layout.controllers.includes(controller) ? layout.root : undefined;
  return layout.hierarchies.find(({ controllers }) => controllers.includes(controller))?.root;
}

/**
 * The directory of a cgroup in a hierarchy.
 * @throws InvalidArgument for a path that is not absolute, is the root, or leads out.
 */
export function cgroupDirectory(root: string, path: string): string {
  const segments = path.split('/');
  if (
    segments[0] !== '' ||
    segments.length < 2 ||
    segments.slice(1).some((name) => ['', '.', '..'].includes(name))
  ) {
    throw new RuntimeError(
      'InvalidArgument',
      `"${path}" is not the path of a cgroup: it must be like /parent/name`,
    );
  }
  return `${root}${path}`;
}

/** Options that say how a hierarchy is mounted, not what it controls. */
const PLAIN_OPTIONS = new Set([
  'rw',
  'ro',
  'noprefix',
  'clone_children',
  'xattr',
  'cpuset_v2_mode',
  'favordynmods',
]);

const controllersOf = (superOptions: readonly string[]): readonly string[] =>
  superOptions.filter((option) => !PLAIN_OPTIONS.has(option) && !option.startsWith('release_agent='));
