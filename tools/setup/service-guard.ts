import { readFile, rm, writeFile } from 'node:fs/promises';

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const MARK = '# crihub set-up: package scripts may not start services';

/**
 * Runs `work` while Debian's package scripts are forbidden to start services (a node's containerd or
 * registry must not appear because a test wanted its binary). A policy of the machine's own is left alone.
 */
export async function withoutStartingServices<T>(work: () => Promise<T>, file = POLICY_FILE): Promise<T> {
  const present = await readPolicy(file);
  // One with our mark was left by a run that was killed; it is ours to replace and to remove.
  if (present !== undefined && !present.includes(MARK)) return await work();
  await writeFile(file, `#!/bin/sh\n${MARK}\nexit 101\n`, { mode: 0o755 });
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function readPolicy(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
