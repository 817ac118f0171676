import { writeFile } from 'node:fs/promises';
import { readText } from '../files/read-text.ts';

/**
 * Gives a new v1 cpuset the CPUs and memory nodes of its parent: without any no process may enter it.
 * Does nothing in other hierarchies and where they are set.
 */
export async function inheritCpuset(parent: string, child: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const [inherited, own] = await Promise.all([readText(`${parent}/${file}`), readText(`${child}/${file}`)]);
    if (own?.trim() === '' && inherited !== undefined) await writeFile(`${child}/${file}`, inherited.trim());
  }
}
