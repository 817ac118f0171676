import { type ContainerId, type SandboxId, sleep } from '@crihub/kernel';
import { conmonPidFile } from '../conmon/conmon-arguments.ts';
import { type Executor, isAlive, type ProcessRef } from '../execution/executor.ts';
import type { ContainerLayout } from '../layout.ts';
import type { OciRuntime } from '../runtime/oci-runtime.ts';
import type { ExitFiles } from '../exits/exit-files.ts';

const SIGKILL = 9;
const MONITOR_GRACE_MS = 2_000;
const POLL_MS = 5;

export interface RemainsDependencies {
  readonly executor: Executor;
  readonly layout: Pick<ContainerLayout, 'bundle'>;
  readonly runtime: OciRuntime;
  readonly exitFiles: ExitFiles;
}

/** What there may be of a container, or of a pod's pause process. */
export interface Remains {
  readonly id: ContainerId | SandboxId;
  readonly cgroup: string;
  /** Absent while it is not known whether, or how far, it was created. */
  readonly monitor: ProcessRef | undefined;
  /** The runtime has to be asked: hooks must run, or systemd has a part in it. */
  readonly byRuntime: boolean;
}

/**
 * Kills a container and removes its traces, whatever of it exists. No program is run for it as a rule: what
 * the runtime's `delete` does is to kill, and to remove a cgroup and a directory.
 */
export async function removeRemains(
  remains: Remains,
  { executor, layout, runtime, exitFiles }: RemainsDependencies,
  signal: AbortSignal,
): Promise<void> {
  const { id, cgroup } = remains;
  const bundle = layout.bundle(id);
  if (remains.monitor === undefined) await killCreators(bundle, executor);
  await executor.cgroups.kill(cgroup, signal);
  if (remains.monitor !== undefined) await endOfMonitor(remains.monitor, executor, signal);
  if (remains.byRuntime && (await runtime.knows(id))) await runtime.delete(id, signal);
  await executor.cgroups.remove(cgroup, signal);
  await executor.files.remove(runtime.stateDirectory(id));
  await executor.files.remove(bundle);
  await exitFiles.remove(id);
}

/** conmon, or the shell that is about to become it; the runtime that conmon runs dies with it. */
async function killCreators(bundle: string, { files, processes }: Executor): Promise<void> {
  // The bundle is written first and removed last: without it there is nobody.
  if ((await files.status(bundle)) === undefined) return;
  for (const creator of await processes.find(conmonPidFile(bundle))) await processes.signal(creator, SIGKILL);
}

/** Lets conmon write the last lines and the exit code; one that does not end is killed. */
async function endOfMonitor(
  monitor: ProcessRef,
  { processes }: Executor,
  signal: AbortSignal,
): Promise<void> {
  for (let waited = 0; waited < MONITOR_GRACE_MS; waited += POLL_MS) {
    if (!(await isAlive(processes, monitor))) return;
    await sleep(POLL_MS, signal);
  }
  await processes.signal(monitor, SIGKILL);
}
