import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoCode } from '@crihub/kernel';
import type { z } from 'zod';

const NAME = 'state.json';

/** Replaces the small record in a directory, one write at a time. Of this boot alone: not synced to disk. */
export async function writeLocal(directory: string, value: object): Promise<void> {
  const path = join(directory, NAME);
  const draft = `${path}.new`;
  await writeFile(draft, JSON.stringify(value), { mode: 0o600 });
  await rename(draft, path);
}

/** The directory's record; absent if there is none, or if it is damaged. */
export async function readLocal<T extends z.ZodType>(
  directory: string,
  schema: T,
): Promise<z.output<T> | undefined> {
  try {
    const text = await readFile(join(directory, NAME), 'utf8');
    return schema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Makes a directory with those above it; others may pass through it, and no more. */
export async function makeLocal(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o711 });
}

/** Removes a directory with all that is in it; nothing must be mounted there. */
export async function removeLocal(directory: string): Promise<void> {
  if (dirname(directory) === directory) throw new TypeError(`refusing to remove ${directory}`);
  await rm(directory, { recursive: true, force: true });
}
