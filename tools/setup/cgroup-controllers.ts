import { mkdir, readFile } from 'node:fs/promises';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import { run } from '@crihub/transport/process';

const ROOT = '/sys/fs/cgroup';

/**
 * On hosts with cgroup v1 beside an empty v2 hierarchy (`hybrid`), the kernel gives a controller that nobody
 * mounted to v2, and crun then refuses to run. Mounts such controllers as v1, like all others there.
 * @throws FailedPrecondition if the kernel refuses.
 */
export async function mountStrayControllers(say: (line: string) => void): Promise<void> {
  for (const controller of await strayControllers()) {
    const target = `${ROOT}/${controller}`;
    say(`mounting cgroup controller ${controller} at ${target}, without which crun refuses to run`);
    await mkdir(target, { recursive: true });
    const { exitCode, stderr } = await run('mount', {
      args: ['-t', 'cgroup', '-o', controller, controller, target],
    });
    if (exitCode !== 0) {
      throw new RuntimeError('FailedPrecondition', `can't mount ${controller}: ${stderr.toString().trim()}`);
    }
  }
}

/** Controllers of the v2 hierarchy of a hybrid host; none on hosts that are v2, or v1, alone. */
async function strayControllers(): Promise<readonly string[]> {
  try {
    const text = await readFile(`${ROOT}/unified/cgroup.controllers`, 'utf8');
    return text.split(/\s+/).filter((name) => name !== '');
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  }
}
