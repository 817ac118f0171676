import { readText } from '../files/read-text.ts';

/** Where a process is: its path in the unified hierarchy, and by controller in v1 hierarchies. */
export interface ProcessCgroups {
  readonly unified: string | undefined;
  readonly controllers: ReadonlyMap<string, string>;
}

/** `undefined` if the process does not exist. */
export async function processCgroups(pid: number): Promise<ProcessCgroups | undefined> {
  const text = await readText(`/proc/${String(pid)}/cgroup`);
  return text === undefined ? undefined : parseProcessCgroups(text);
}

/** Lines of `id:controllers:path`; the unified hierarchy is `0::path` (cgroups(7)). */
export function parseProcessCgroups(text: string): ProcessCgroups {
  const controllers = new Map<string, string>();
  let unified: string | undefined;
  for (const line of text.split('\n').filter(Boolean)) {
    const [id, names = '', ...path] = line.split(':');
    if (id === '0' && names === '') unified = path.join(':');
    else for (const name of names.split(',')) controllers.set(name, path.join(':'));
  }
  return { unified, controllers };
}
