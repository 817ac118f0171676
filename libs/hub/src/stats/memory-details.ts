import type { CgroupFiles } from './cgroup-files.ts';

type Maybe = number | undefined;

/** What `memory.stat` holds beyond the common reading; in bytes, or counts of page faults. */
export interface MemoryDetails {
  readonly activeFile: Maybe;
  readonly inactiveFile: Maybe;
  readonly activeAnonymous: Maybe;
  readonly inactiveAnonymous: Maybe;
  /** Memory in transparent huge pages, which v1 does not count this way. */
  readonly anonymousHugepages: Maybe;
  readonly sharedHugepages: Maybe;
  readonly fileHugepages: Maybe;
  /** Faults of the cgroup alone; v2 counts those of its descendants with them. */
  readonly ownPageFaults: Maybe;
  readonly ownMajorPageFaults: Maybe;
}

/** `undefined` without the cgroup or its memory controller. */
export async function readMemoryDetails(
  files: Pick<CgroupFiles, 'version' | 'read'>,
  path: string,
): Promise<MemoryDetails | undefined> {
  const text = await files.read('memory', path, 'memory.stat');
  return text === undefined ? undefined : parseMemoryDetails(text, files.version);
}

/** Lines of a name and a number; with v1, `total_` marks those with descendants (cgroup-v1/memory.rst). */
export function parseMemoryDetails(text: string, version: 'v1' | 'v2'): MemoryDetails {
  const values = new Map(text.split('\n').map((line) => line.split(' ') as [string, string | undefined]));
  const own = (name: string): Maybe => {
    const value = values.get(name);
    return value === undefined ? undefined : Number(value);
  };
  const all = (name: string): Maybe => own(version === 'v1' ? `total_${name}` : name);
  return {
    activeFile: all('active_file'),
    inactiveFile: all('inactive_file'),
    activeAnonymous: all('active_anon'),
    inactiveAnonymous: all('inactive_anon'),
    anonymousHugepages: own('anon_thp'),
    sharedHugepages: own('shmem_thp'),
    fileHugepages: own('file_thp'),
    ownPageFaults: own('pgfault'),
    ownMajorPageFaults: own('pgmajfault'),
  };
}
