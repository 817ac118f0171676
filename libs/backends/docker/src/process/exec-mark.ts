import { randomBytes } from 'node:crypto';
import { type Cgroups, type ProcessRef, processRef, readText } from '@crihub/linux';
import { cgroupOfProcess } from '../container/process-cgroup.ts';

const NAME = 'CRIHUB_EXEC';

/**
 * A variable in the environment of an exec, which all that it starts inherits, whatever becomes of sessions
 * and parents. What clears its environment loses it.
 */
export const execMark = (): string => `${NAME}=${randomBytes(8).toString('hex')}`;

/** What runs beside a container's first process with a mark. */
export async function markedProcesses(
  { pid, engineId, mark }: { readonly pid: number; readonly engineId: string; readonly mark: string },
  cgroups: Pick<Cgroups, 'processes'>,
): Promise<readonly ProcessRef[]> {
  const cgroup = await cgroupOfProcess(pid, engineId);
  if (cgroup === undefined) return []; // it has ended
  const found = await Promise.all(
    (await cgroups.processes(cgroup)).map(async (other) => {
      const environment = await readText(`/proc/${String(other)}/environ`);
      return environment?.split('\0').includes(mark) === true ? await processRef(other) : undefined;
    }),
  );
  return found.filter((process) => process !== undefined);
}
