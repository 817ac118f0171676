import { access, constants, readFile } from 'node:fs/promises';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import type { Container, ExecSpec, Process } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import { type SpawnedProcess, spawnProcess } from '@crihub/transport/process';

/** Starts a container's first process in a PID namespace of its own. */
export async function startProgram(
  { id, rootfs, process }: Container,
  networkNamespace: string | undefined,
): Promise<SpawnedProcess> {
  await checkProgram(id, rootfs, process.args);
  const network = networkNamespace === undefined ? [] : [`--net=${networkNamespace}`];
  const inside = ['unshare', '--pid', '--fork', '--kill-child', ...chroot(rootfs, process)];
  return await spawnProcess('nsenter', {
    args: [...network, '--', ...inside],
    env: environment(process.env),
    stdin: process.stdin,
  });
}

/** Starts a further process beside the first one, whose number on the host is `pid`. */
export async function execProgram(
  { id, rootfs, process }: Container,
  pid: number,
  { args, stdin }: ExecSpec,
): Promise<SpawnedProcess> {
  await checkProgram(id, rootfs, args);
  const inside = chroot(rootfs, { ...process, args });
  return await spawnProcess('nsenter', {
    args: ['--target', String(pid), '--pid', '--net', '--', ...inside],
    env: environment(process.env),
    stdin,
  });
}

/** The container's own first process, below the one that made its namespace; undefined once it has ended. */
export async function firstProcess({ pid }: SpawnedProcess): Promise<number | undefined> {
  const file = `/proc/${String(pid)}/task/${String(pid)}/children`;
  const children = await readFile(file, 'utf8').catch(() => '');
  return children === '' ? undefined : Number(children.trim().split(' ')[0]);
}

/** The number of a signal. @throws InvalidArgument for a name that no signal has. */
export function signalNumber(name: string): number {
  const realtime = /^SIGRTMIN(?:\+(\d+))?$/.exec(name);
  const number = realtime === null ? os.signals[name as NodeJS.Signals] : 34 + Number(realtime[1] ?? 0);
  if (Number.isInteger(number)) return number;
  throw new RuntimeError('InvalidArgument', `there is no signal named '${name}'`);
}

const chroot = (rootfs: string, { user, args }: Process): readonly string[] => [
  'chroot',
  `--userspec=${String(user.uid)}:${String(user.gid)}`,
  rootfs,
  ...args,
];

const environment = (env: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(env.map((entry) => [entry.split('=')[0], entry.slice(entry.indexOf('=') + 1)]));

async function checkProgram(id: string, rootfs: string, [program = '']: readonly string[]): Promise<void> {
  try {
    await access(join(rootfs, program), constants.X_OK);
  } catch (cause) {
    throw new RuntimeError('FailedPrecondition', `can't run '${program}': it is not in the image`, {
      id,
      cause,
    });
  }
}
