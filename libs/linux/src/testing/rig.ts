// The process transport is a sibling of this library, so its tests start helpers themselves.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mounts } from '../mounts/mounts.ts';
import { PinnedNamespaces } from '../namespaces/pinned-namespaces.ts';
import type { SpawnHelper } from '../namespaces/user-namespace.ts';
import { NamespaceWorker } from '../worker/namespace-worker.ts';

/** A worker and a directory for one test file; disposal unmounts all that is left under the directory. */
export interface LinuxRig extends AsyncDisposable {
  readonly directory: string;
  readonly worker: NamespaceWorker;
  readonly mounts: Mounts;
  readonly namespaces: PinnedNamespaces;
}

export async function startRig(): Promise<LinuxRig> {
  const directory = await mkdtemp(join(tmpdir(), 'crihub-linux-'));
  const worker = new NamespaceWorker();
  const mounts = new Mounts({ worker });
  return {
    directory,
    worker,
    mounts,
    namespaces: new PinnedNamespaces({ worker, spawn: spawnHelper }),
    [Symbol.asyncDispose]: async () => {
      await mounts.unmountUnder(directory);
      await worker.close();
      await rm(directory, { recursive: true });
    },
  };
}

export const spawnHelper: SpawnHelper = async (program, { args }) => {
  const child = spawn(program, args, { stdio: 'pipe', detached: true });
  const exited = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 255)));
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  return {
    pid: child.pid as number,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    killGroup: () => child.kill('SIGKILL'),
  };
};
