import { writeFile } from 'node:fs/promises';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import { readText } from '../files/read-text.ts';

/** Lets the children of a v2 cgroup have these controllers, where it has them itself and does not yet. */
export const enableControllers =
  (controllers: readonly string[]) =>
  async (parent: string): Promise<void> => {
    const [available, enabled] = await Promise.all([
      readText(`${parent}/cgroup.controllers`),
      readText(`${parent}/cgroup.subtree_control`),
    ]);
    const has = (list: string | undefined, name: string): boolean =>
      list?.trim().split(' ').includes(name) === true;
    const missing = controllers.filter((name) => has(available, name) && !has(enabled, name));
    for (const name of missing) await enable(parent, name);
  };

async function enable(parent: string, controller: string): Promise<void> {
  try {
    await writeFile(`${parent}/cgroup.subtree_control`, `+${controller}`, { flag: 'r+' });
  } catch (cause) {
    const why = errnoCode(cause) === 'EBUSY' ? ': it has processes of its own' : '';
    throw new RuntimeError(
      'FailedPrecondition',
      `the cgroup ${parent} can't give its children the controller ${controller}${why}`,
      { cause },
    );
  }
}
