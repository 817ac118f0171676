import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoCode } from '@crihub/kernel';
import { type HostFacts, Mounts, NamespaceWorker, PinnedNamespaces, probeHost } from '@crihub/linux';
import { spawnProcess } from '@crihub/transport/process';

/** The host's facts, found as the daemon finds them: on the file system of its state, if that is there. */
export async function probe(stateDirectory: string, signal: AbortSignal): Promise<HostFacts> {
  const scratch = await makeScratch(stateDirectory);
  const worker = new NamespaceWorker();
  try {
    const namespaces = new PinnedNamespaces({ worker, spawn: spawnProcess });
    return await probeHost(scratch, { mounts: new Mounts({ worker }), namespaces }, signal);
  } finally {
    await worker.close();
    await rm(scratch, { recursive: true });
  }
}

async function makeScratch(stateDirectory: string): Promise<string> {
  try {
    return await mkdtemp(join(stateDirectory, 'doctor-'));
  } catch (error) {
    if (!['ENOENT', 'EACCES', 'EROFS'].includes(errnoCode(error) ?? '')) throw error;
    return await mkdtemp(join(tmpdir(), 'crihub-doctor-'));
  }
}

/** The number of the newest capability that the kernel knows. */
export const lastCapability = async (): Promise<number> =>
  Number(await readFile('/proc/sys/kernel/cap_last_cap', 'utf8'));
