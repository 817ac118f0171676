import { writeFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { RuntimeError, withDeadline, untilAborted } from '@crihub/kernel';
import type { NamespaceType } from '../syscalls/namespaces.ts';

/** A range of ids: `length` ids from `containerId` on are `hostId` and following outside. */
export interface IdMapping {
  readonly containerId: number;
  readonly hostId: number;
  readonly length: number;
}

export interface IdMappings {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

/** The part of a started program that is needed here. */
interface HelperProcess {
  readonly pid: number;
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<number>;
  killGroup(): void;
}

export type SpawnHelper = (
  program: string,
  options: { readonly args: readonly string[]; readonly stdin: true },
) => Promise<HelperProcess>;

interface HelperOptions {
  readonly types: readonly (NamespaceType | 'user')[];
  readonly mappings: IdMappings;
  readonly spawn: SpawnHelper;
}

const START_TIMEOUT_MS = 10_000;

/**
 * Runs `work` with the id of a process in a new user namespace and in others that this one owns. A process
 * with several threads can't make a user namespace, so a helper does; it ends when `work` has.
 */
export async function withUserNamespaceHelper(
  { types, mappings, spawn }: HelperOptions,
  signal: AbortSignal | undefined,
  work: (pid: number) => Promise<void>,
): Promise<void> {
  // `cat` answers once it runs, which is after unshare has made the namespaces and before its input ends.
  const helper = await spawn('unshare', {
    args: [...types.map((type) => `--${type}`), '--', 'cat'],
    stdin: true,
  });
  const errors: Buffer[] = [];
  helper.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  // The helper may be gone before it reads: the missing answer is then the error to report.
  helper.stdin?.on('error', () => undefined);
  try {
    await withDeadline('start the user namespace helper', START_TIMEOUT_MS, signal, async (deadline) => {
      const answered = answer(helper.stdout, () => Buffer.concat(errors).toString().trim());
      helper.stdin?.write('ready\n');
      await untilAborted(answered, deadline);
    });
    await writeMap(helper.pid, 'uid_map', mappings.uids);
    await writeMap(helper.pid, 'gid_map', mappings.gids);
    await work(helper.pid);
  } finally {
    helper.killGroup();
    await helper.exited;
  }
}

async function answer(output: Readable, errorText: () => string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  output.once('data', () => resolve());
  output.once('close', () =>
    reject(new RuntimeError('FailedPrecondition', `unshare could not make a user namespace: ${errorText()}`)),
  );
  promise.catch(() => undefined); // reported by whoever waits, also when the deadline came first
  await promise;
}

async function writeMap(
  pid: number,
  file: 'uid_map' | 'gid_map',
  mappings: readonly IdMapping[],
): Promise<void> {
  const lines = mappings.map(
    ({ containerId, hostId, length }) => `${String(containerId)} ${String(hostId)} ${String(length)}\n`,
  );
  try {
    await writeFile(`/proc/${String(pid)}/${file}`, lines.join(''));
  } catch (cause) {
    throw new RuntimeError('InvalidArgument', `the kernel refuses the ${file}: ${lines.join(', ').trim()}`, {
      cause,
    });
  }
}
