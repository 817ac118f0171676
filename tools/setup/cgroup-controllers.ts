import { mkdir, readFile } from 'node:fs/promises';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import { run } from '@crihub/transport/process';

const ROOT = '/sys/fs/cgroup';

/**
 * On hosts with cgroup v1 beside an empty v2 hierarchy (`hybrid`), a controller that nobody mounted belongs
 * to v2, and crun refuses to run; or to a v1 hierarchy that is mounted nowhere, and containerd's shims fail.
 * Mounts such controllers as v1, like all others there.
 * @throws FailedPrecondition if the kernel refuses.
 */
export async function mountStrayControllers(say: (line: string) => void): Promise<void> {
  for (const controller of await strayControllers()) {
    const target = `${ROOT}/${controller}`;
    say(
      `mounting cgroup controller ${controller} at ${target}, without which OCI runtimes fail on this host`,
    );
    await mkdir(target, { recursive: true });
    const { exitCode, stderr } = await run('mount', {
      args: ['-t', 'cgroup', '-o', controller, controller, target],
    });
    if (exitCode !== 0) {
      throw new RuntimeError('FailedPrecondition', `can't mount ${controller}: ${stderr.toString().trim()}`);
    }
  }
}

/** None on hosts whose cgroups are of version 2, or of version 1, alone. */
async function strayControllers(): Promise<readonly string[]> {
  const [ofV2, hierarchies, mounts] = await Promise.all([
    readIfThere(`${ROOT}/unified/cgroup.controllers`),
    readFile('/proc/cgroups', 'utf8'),
    readFile('/proc/mounts', 'utf8'),
  ]);
  if (ofV2 === undefined) return [];
  return [...words(ofV2), ...unmountedControllers(hierarchies, mounts)];
}

/** Controllers of v1 hierarchies that exist and are mounted nowhere. Exported for its test. */
export function unmountedControllers(hierarchies: string, mounts: string): readonly string[] {
  const mounted = new Set(
    mounts
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, , type]) => type === 'cgroup')
      .flatMap(([, , , options = '']) => options.split(',')),
  );
  return hierarchies
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'))
    .filter(([name = '', hierarchy]) => hierarchy !== '0' && !mounted.has(name))
    .map(([name = '']) => name);
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
