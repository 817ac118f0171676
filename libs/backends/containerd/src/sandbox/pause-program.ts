import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import { BASE_ENVIRONMENT } from '@crihub/transport/process';

/** The absolute path of the pause program. @throws FailedPrecondition naming the package, if it is not installed. */
export async function findPauseProgram(name: string): Promise<string> {
  const directories = (BASE_ENVIRONMENT['PATH'] ?? '').split(':');
  const candidates = name.startsWith('/') ? [name] : directories.map((directory) => join(directory, name));
  for (const path of candidates) if (await isProgram(path)) return path;
  throw new RuntimeError(
    'FailedPrecondition',
    `the pause program ${name} is not installed; install the package catatonit, or set pausePath`,
    { operation: 'find the pause program' },
  );
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false; // absent, or of no use to us
  }
}
