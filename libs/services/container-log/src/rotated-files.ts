import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoCode } from '@crihub/kernel';

/** A log's earlier files as the kubelet names them: the log's path, a dot, a time that sorts; youngest first. */
export async function rotatedFiles(path: string): Promise<readonly string[]> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch((error: unknown) => {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => name.startsWith(prefix) && !/\.(gz|tmp)$/.test(name))
    .sort()
    .reverse()
    .map((name) => join(dirname(path), name));
}
