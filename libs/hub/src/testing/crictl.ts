import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PROGRAM = fileURLToPath(new URL('../../../../.cache/bin/crictl', import.meta.url));

const execute = promisify(execFile);

/** The beginning of a command line that asks the server at a socket. */
export const crictlCommand = (socketPath: string): readonly [program: string, ...args: string[]] => {
  const endpoint = `unix://${socketPath}`;
  return [PROGRAM, '--config', '/dev/null', '-r', endpoint, '-i', endpoint];
};

/** A server of tmux of its own: the terminal that some commands need. @returns what it prints */
export const tmux = async (...args: readonly string[]): Promise<string> => {
  const server = ['-L', `crihub-streaming-${String(process.pid)}`, '-f', '/dev/null'];
  const { stdout } = await execute('tmux', [...server, ...args]);
  return stdout;
};

const succeeds = async (attempt: Promise<unknown>): Promise<boolean> =>
  await attempt.then(
    () => true,
    () => false,
  );

export const hasCrictl = await succeeds(access(PROGRAM));
export const hasTmux = await succeeds(tmux('-V'));
