import { type Cgroups, descriptorCountsOf, readText, threadCountOf } from '@crihub/linux';

/** What a container's processes hold. */
export interface ProcessFigures {
  readonly processes: number | undefined;
  /** `undefined`, as the descriptors, where there are too many processes to look at. */
  readonly threads: number | undefined;
  readonly descriptors: { readonly files: number; readonly sockets: number } | undefined;
  /** Soft limit of the first process; `undefined` if there is none, or the process is gone. */
  readonly openFilesLimit: number | undefined;
}

/** Each process costs as many reads as it has descriptors. */
const MAX_PROCESSES = 1_000;

/** Looks at the processes of containers, one process of a container after the other. */
export class ProcessReader {
  readonly #cgroups: Pick<Cgroups, 'processes'>;

  constructor(cgroups: Pick<Cgroups, 'processes'>) {
    this.#cgroups = cgroups;
  }

  /** @param firstPid the container's first process on the host, if it can be seen there. */
  async read(cgroup: string, firstPid: number | undefined, signal: AbortSignal): Promise<ProcessFigures> {
    const pids = await this.#cgroups.processes(cgroup);
    const openFilesLimit = firstPid === undefined ? undefined : await openFilesLimitOf(firstPid);
    if (pids.length > MAX_PROCESSES) {
      return { processes: pids.length, threads: undefined, descriptors: undefined, openFilesLimit };
    }
    return { processes: pids.length, ...(await countAll(pids, signal)), openFilesLimit };
  }
}

async function countAll(
  pids: readonly number[],
  signal: AbortSignal,
): Promise<Pick<ProcessFigures, 'threads' | 'descriptors'>> {
  let [threads, files, sockets] = [0, 0, 0];
  for (const pid of pids) {
    signal.throwIfAborted();
    const [threadsHere, counts] = await Promise.all([threadCountOf(pid), descriptorCountsOf(pid)]);
    threads += threadsHere ?? 0;
    files += counts?.files ?? 0;
    sockets += counts?.sockets ?? 0;
  }
  return { threads, descriptors: { files, sockets } };
}

/** `Max open files  1024  524288  files`, the soft limit first (proc_pid_limits(5)). */
async function openFilesLimitOf(pid: number): Promise<number | undefined> {
  const limit = /^Max open files\s+(\d+)/m.exec((await readText(`/proc/${String(pid)}/limits`)) ?? '')?.[1];
  return limit === undefined ? undefined : Number(limit);
}
