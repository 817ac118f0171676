import { chmod, copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What `busyboxCommands` need of busybox. */
const APPLETS = [
  'sh',
  'sleep',
  'cat',
  'dd',
  'stty',
  'echo',
  'printf',
  'head',
  'tr',
  'setsid',
  'true',
  'kill',
  'ls',
];
const DIRECTORIES = ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp'];

/** Fills a directory with a root filesystem on which `busyboxCommands` run. The binary must be a static one. */
export async function makeBusyboxRoot(directory: string, busybox = '/bin/busybox'): Promise<void> {
  for (const name of DIRECTORIES) await mkdir(join(directory, name), { recursive: true });
  const program = join(directory, 'bin/busybox');
  await copyFile(busybox, program);
  await chmod(program, 0o755);
  for (const applet of APPLETS) await symlink('busybox', join(directory, 'bin', applet));
}
