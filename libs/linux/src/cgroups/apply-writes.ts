import { writeFile } from 'node:fs/promises';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import type { ResourceWrite } from './resources.ts';

/**
 * Makes the writes in order. One that the kernel refuses is tried once more after the others, since limits
 * that belong together (period and quota, memory and swap) are checked against each other's old values.
 * Returns the optional files that don't exist.
 */
export async function applyWrites(
  writes: readonly ResourceWrite[],
  directoryOf: (controller: string) => string | undefined,
): Promise<readonly string[]> {
  const skipped: string[] = [];
  const again: ResourceWrite[] = [];
  for (const write of writes) {
    const error = await tryWrite(write, directoryOf);
    if (error === undefined) continue;
    if (write.optional === true && errnoCode(error) === 'ENOENT') skipped.push(write.file);
    else if (['EINVAL', 'EBUSY'].includes(errnoCode(error) ?? '')) again.push(write);
    else throw refused(write, error);
  }
  for (const write of again) {
    const error = await tryWrite(write, directoryOf);
    if (error !== undefined) throw refused(write, error);
  }
  return skipped;
}

async function tryWrite(
  { controller, file, value }: ResourceWrite,
  directoryOf: (controller: string) => string | undefined,
): Promise<unknown> {
  const directory = directoryOf(controller);
  if (directory === undefined) {
    return Object.assign(new Error(`this node has no cgroup controller "${controller}"`), { code: 'ENOENT' });
  }
  try {
    await writeFile(`${directory}/${file}`, value, { flag: 'r+' });
    return undefined;
  } catch (error) {
    return error;
  }
}

const refused = ({ file, value }: ResourceWrite, cause: unknown): RuntimeError =>
  new RuntimeError('InvalidArgument', `${file} can't be set to "${value}"`, {
    operation: 'set cgroup limits',
    cause,
  });
