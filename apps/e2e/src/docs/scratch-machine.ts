import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run, type SpawnedProcess, spawnProcess } from '@crihub/transport/process';
import { eventually } from '../kubelet/eventually.ts';

/** Directories that the commands of the documentation write to. */
const CHANGED = ['/etc', '/opt', '/usr/local', '/var/lib'];
/** On a file system of its own, since layers of images can't lie on overlayfs. */
const STATE = '/var/lib/crihub';

/**
 * This machine as a mount namespace sees it in which all of its directories can be written to and nothing
 * of it stays.
 */
export class ScratchMachine implements AsyncDisposable {
  readonly #holder: SpawnedProcess;

  /** Takes a directory on a real file system. */
  static async start(directory: string): Promise<ScratchMachine> {
    const lines = ['mount -t tmpfs tmpfs /run'];
    for (const path of CHANGED) {
      const [upper, work] = ['upper', 'work'].map((name) => join(directory, name, path));
      for (const made of [upper, work]) await mkdir(made ?? '', { recursive: true });
      lines.push(`mount -t overlay overlay -o lowerdir=${path},upperdir=${upper},workdir=${work} ${path}`);
    }
    const state = join(directory, 'state');
    await mkdir(state);
    lines.push(
      `mkdir -p ${STATE}`,
      `mount --bind ${state} ${STATE}`,
      // As systemd leaves the mounts of a machine.
      'mount --make-rshared /',
      'touch /run/is-scratch',
      'exec sleep infinity',
    );
    const holder = await spawnProcess('unshare', {
      args: ['--mount', '--propagation', 'private', 'sh', '-ec', lines.join('\n')],
    });
    const machine = new ScratchMachine(holder);
    await eventually('a namespace of the test', async () => {
      const { exitCode } = await run('test', { args: ['-e', machine.path('/run/is-scratch')] });
      return exitCode === 0 ? true : undefined;
    });
    return machine;
  }

  private constructor(holder: SpawnedProcess) {
    this.#holder = holder;
  }

  /** One of its files, as the rest of this machine sees it. */
  path(inside: string): string {
    return `/proc/${String(this.#holder.pid)}/root${inside}`;
  }

  /** How to run a program there: `nsenter` and its arguments. */
  enter(directory: string, ...program: readonly string[]): readonly string[] {
    return ['--target', String(this.#holder.pid), '--mount', `--wdns=${directory}`, ...program];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.killGroup();
    await this.#holder.exited;
  }
}
