import { spawn } from 'node:child_process';
import { REPOSITORY } from './repository.ts';

/**
 * Runs a program on this terminal, so that its progress is seen, and gives its exit code. It gets the
 * signals that we get.
 */
export async function runForeground(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { cwd: REPOSITORY, stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    process.off('SIGINT', pass).off('SIGTERM', pass);
  }
}
