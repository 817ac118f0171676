import { posix } from 'node:path';
import type { Process } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';

/** The parts of an image's config that say what runs. */
export interface ImageProcess {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly workingDir: string;
}

/** What the CRI request says of the process. */
export interface ProcessRequest {
  readonly image: ImageProcess;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly workingDir: string;
  readonly terminal: boolean;
  /** Empty: HOSTNAME is not set. */
  readonly hostname: string;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * What a container's first process runs, as Kubernetes has it: `command` replaces the image's entrypoint
 * and its cmd, `args` replace its cmd.
 * @throws InvalidArgument if nothing is to be run, or a value can't be passed to a process.
 */
export function mergeProcess(request: ProcessRequest): Pick<Process, 'args' | 'env' | 'cwd'> {
  const { image, workingDir } = request;
  const merged = {
    args: mergedArgs(request),
    env: mergedEnv(request),
    cwd: posix.resolve('/', workingDir === '' ? image.workingDir : workingDir),
  };
  for (const text of [...merged.args, ...merged.env, merged.cwd]) {
    if (text.includes('\0'))
      throw invalid(`${JSON.stringify(text)} holds a NUL byte, which no process can be given`);
  }
  return merged;
}

function mergedArgs({ image, command, args }: ProcessRequest): readonly string[] {
  if (command.length > 0) return [...command, ...args];
  const merged = [...image.entrypoint, ...(args.length > 0 ? args : image.cmd)];
  if (merged.length > 0) return merged;
  throw invalid('no command is given: neither the container nor its image says what to run');
}

/** Each name once, at the place of its first mention, with its last value. */
function mergedEnv({ image, env, terminal, hostname }: ProcessRequest): readonly string[] {
  const variables = new Map<string, string>([['PATH', DEFAULT_PATH]]);
  if (terminal) variables.set('TERM', 'xterm');
  if (hostname !== '') variables.set('HOSTNAME', hostname);
  for (const text of image.env) {
    const at = text.indexOf('=');
    if (at > 0) variables.set(text.slice(0, at), text.slice(at + 1));
  }
  for (const { name, value } of env) {
    if (name === '' || name.includes('='))
      throw invalid(`"${name}" can't be the name of an environment variable`);
    variables.set(name, value);
  }
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

const invalid = (message: string): RuntimeError =>
  new RuntimeError('InvalidArgument', message, { operation: 'merge process' });
