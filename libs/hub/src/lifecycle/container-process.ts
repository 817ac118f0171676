import type { Process, ProcessUser } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import type { ContainerRequest } from '../front/parse/container.ts';
import type { NodeImage } from './ports.ts';

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The first process: what the pod says, else what the image says. A command replaces the image's
 * entrypoint and its arguments, arguments alone replace the image's arguments.
 */
export function containerProcess(
  request: ContainerRequest,
  image: NodeImage,
  user: ProcessUser,
  hostname: string,
): Process {
  return {
    args: argsOf(request, image),
    env: mergeEnv([
      DEFAULT_PATH,
      ...(request.terminal ? ['TERM=xterm'] : []),
      `HOSTNAME=${hostname}`,
      ...image.env,
      ...request.env,
    ]),
    cwd: absolute(request.workingDirectory || image.workingDirectory),
    user,
    terminal: request.terminal,
    stdin: request.stdin,
    stdinOnce: request.stdinOnce,
  };
}

function argsOf({ command, args, metadata }: ContainerRequest, image: NodeImage): readonly string[] {
  const entrypoint = command.length > 0 ? command : image.entrypoint;
  const rest = args.length > 0 || command.length > 0 ? args : image.cmd;
  const all = [...entrypoint, ...rest];
  if (all.length > 0) return all;
  throw new RuntimeError(
    'InvalidArgument',
    `container ${metadata.name} has nothing to run: neither the pod nor image ${image.id} names a command`,
  );
}

/** Each name once, where it first stood, with its last value. */
function mergeEnv(entries: readonly string[]): readonly string[] {
  const byName = new Map<string, string>();
  for (const entry of entries) byName.set(entry.split('=', 1)[0] ?? entry, entry);
  return [...byName.values()];
}

const absolute = (directory: string): string => (directory.startsWith('/') ? directory : `/${directory}`);
