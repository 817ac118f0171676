import { spawnProcess } from '@crihub/transport/process';
import type { SshProcess } from '@crihub/transport/ssh';

/** A program of this host in the shape of one over SSH. */
export async function localProcess(program: string, args: readonly string[]): Promise<SshProcess> {
  const child = await spawnProcess(program, { args, stdin: true });
  const { stdin, stdout, stderr, exited } = child;
  return { stdin, stdout, stderr, exited, resize: () => undefined, kill: () => child.killGroup() };
}

/** The shell that guests have. */
export const localShell = async (): Promise<SshProcess> => await localProcess('/bin/busybox', ['sh']);
