import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode, parseContainerId, parseSandboxId } from '@crihub/kernel';
import type { Directories } from '../lifecycle/directories.ts';
import type { RootFilesystems } from '../lifecycle/ports.ts';
import type { Records } from '../records/records.ts';
import type { Finding } from './reconciler.ts';

/** Removes the directories, and the mounts in them, of pods and containers that no record knows. */
export async function removeOrphanDirectories(
  directories: Directories,
  records: Records,
  rootfs: RootFilesystems,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const name of await namesIn(directories.containers)) {
    const id = parseContainerId(name);
    if (id === undefined || records.containers.get(id) !== undefined) continue;
    const directory = directories.container(id);
    for (const index of await namesIn(join(directory, 'image-volumes'))) {
      await rootfs.unmountVolume(join(directory, 'image-volumes', index));
    }
    await rootfs.unmount(directory);
    await rm(directory, { recursive: true, force: true });
    findings.push({ kind: 'orphanContainer', id, message: `directory ${directory} has no record; removed` });
  }
  for (const name of await namesIn(directories.sandboxes)) {
    const id = parseSandboxId(name);
    if (id === undefined || records.sandboxes.get(id) !== undefined) continue;
    await rm(directories.sandbox(id), { recursive: true, force: true });
    findings.push({
      kind: 'orphanSandbox',
      id,
      message: `directory ${directories.sandbox(id)} has no record; removed`,
    });
  }
  return findings;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  }
}
