import { mkdir, readFile, rm } from 'node:fs/promises';
import { errnoCode, RuntimeError, sleep } from '@crihub/kernel';
import {
  commandLineOf,
  isAlive,
  type Mounts,
  type ProcessRef,
  processRef,
  signalProcess,
} from '@crihub/linux';
import { run } from '@crihub/transport/process';
import { QmpConnection } from '@crihub/transport/qmp';
import type { MachineFiles } from './machine-files.ts';
import { type MachineShares, TAP } from './qemu-arguments.ts';

export interface QemuStart {
  /** The program, then its arguments. */
  readonly command: readonly string[];
  readonly files: MachineFiles;
  readonly shares: MachineShares;
  /** Path of the namespace in which the tap device is made; absent: one that ends with the machine. */
  readonly networkNamespace: string | undefined;
  /** Files into which the process writes `0` to join the pod's cgroups. */
  readonly joinFiles: readonly string[];
  /** The number of the user and group that it runs as. */
  readonly user: number;
}

/**
 * What QEMU needs, being nobody, to serve files with the owners and modes that the guest asks for; and it has no
 * files but those of its shares. All else it does without.
 */
const CAPABILITIES = ['chown', 'dac_override', 'fowner', 'fsetid', 'setfcap'];
const START_TIMEOUT_MS = 20_000;
/** One that waits for storage ends when the kernel's request does. */
const KILL_TIMEOUT_MS = 10_000;
const POLL_MS = 5;
const MESSAGE_BYTES = 2_000;
const LOG_BYTES = 64 * 1024;

const only = CAPABILITIES.map((name) => `+${name}`).join(',');
/**
 * Prints the number of a process in a session of its own, which outlives us. In its mount namespace its shares
 * are mounts of their own, so that more can be mounted in them and they can be kept when all else is taken from
 * it. The words: the user, the log file, the two shares, the number of files to write to, these files, the command.
 */
const SCRIPT = `set -e
user=$1 log=$2 files=$3 reports=$4 count=$5; shift 5
while [ "$count" -gt 0 ]; do echo 0 > "$1"; shift; count=$((count - 1)); done
# Left from an attempt before, it would still be there.
ip link del dev ${TAP} 2> /dev/null || true
ip tuntap add dev ${TAP} mode tap user "$user"
ip link set dev ${TAP} up
tc qdisc add dev ${TAP} handle ffff: ingress
mount --bind -o ro "$files" "$files"
mount --bind "$reports" "$reports"
cd /
setsid setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs \
  --inh-caps=-all,${only} --ambient-caps=-all,${only} --bounding-set=-all,${only} \\
  "$@" < /dev/null >> "$log" 2>&1 &
echo $!`;

/**
 * Starts QEMU in the pod's namespace and cgroups; resolves when it serves. Its log is bounded: it lies
 * in memory, which is given back when it ends, and is ours to read until it has started.
 */
export async function startQemu(
  start: QemuStart,
  { mounts }: { readonly mounts: Pick<Mounts, 'mountTmpfs' | 'unmount'> },
  signal: AbortSignal,
): Promise<ProcessRef> {
  const { qmp, channel, state, logDirectory } = start.files;
  await Promise.all([qmp, channel, state].map(async (path) => rm(path, { force: true })));
  await mkdir(logDirectory, { recursive: true, mode: 0o700 });
  await mounts.mountTmpfs({ target: logDirectory, sizeBytes: LOG_BYTES, mode: 0o700 }, signal);
  try {
    const process = await spawnQemu(start, signal);
    await untilServing(process, start, signal);
    return process;
  } finally {
    await mounts.unmount(logDirectory, { detach: true });
  }
}

async function spawnQemu(start: QemuStart, signal: AbortSignal): Promise<ProcessRef> {
  const { files, shares, command, networkNamespace, joinFiles, user } = start;
  const places = [files.log, shares.files, shares.reports];
  const words = [String(user), ...places, String(joinFiles.length), ...joinFiles, ...command];
  const ownMounts = ['--mount', '--propagation', 'private', 'sh', '-c', SCRIPT, 'sh', ...words];
  const [program, args] =
    networkNamespace === undefined
      ? ['unshare', ['--net', ...ownMounts]]
      : ['nsenter', [`--net=${networkNamespace}`, 'unshare', ...ownMounts]];
  const started = await run(program, {
    args,
    timeoutMs: START_TIMEOUT_MS,
    signal,
  });
  const process = started.exitCode === 0 ? await processRef(Number(started.stdout)) : undefined;
  if (process === undefined) throw await startFailure(start, started.stderr.toString());
  return process;
}

/** It answers on its control socket when it has opened all that it needs. */
async function untilServing(process: ProcessRef, start: QemuStart, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(START_TIMEOUT_MS)]);
  for (;;) {
    try {
      (await QmpConnection.open(start.files.qmp, deadline)).close();
      return;
    } catch (cause) {
      signal.throwIfAborted();
      if (deadline.aborted || !(await isAlive(process))) {
        await killQemu(process);
        throw await startFailure(start, '', cause);
      }
    }
    await sleep(POLL_MS);
  }
}

/** The process of a machine if it still runs. */
export async function findQemu(process: ProcessRef, files: MachineFiles): Promise<ProcessRef | undefined> {
  if (!(await isAlive(process))) return undefined;
  const mark = await markOf(files);
  const words = await commandLineOf(process.pid);
  return words.some((word) => word.includes(mark)) ? process : undefined;
}

/** What only the command line of this machine has: its name, or its socket if it was never given a name. */
export async function markOf({ name, qmp }: MachineFiles): Promise<string> {
  try {
    return await readFile(name, 'utf8');
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return qmp;
    throw error;
  }
}

/**
 * SIGKILL; resolves when it is gone. One that has ended is no error.
 * @throws Unavailable for one that the kernel does not let go of within the time, in ms.
 */
export async function killQemu(process: ProcessRef, timeoutMs = KILL_TIMEOUT_MS): Promise<void> {
  await signalProcess(process, 'SIGKILL');
  for (const end = Date.now() + timeoutMs; await isAlive(process); await sleep(POLL_MS)) {
    if (Date.now() < end) continue;
    const message = `QEMU, process ${String(process.pid)}, does not end within ${String(timeoutMs)} ms of SIGKILL`;
    throw new RuntimeError('Unavailable', message, { reason: 'QemuStuck' });
  }
}

async function startFailure(
  { files, command }: QemuStart,
  said: string,
  cause?: unknown,
): Promise<RuntimeError> {
  const log = await readFile(files.log, 'utf8').catch(() => ''); // it may never have got so far
  const why = `${said} ${log}`.trim().slice(-MESSAGE_BYTES) || 'it said nothing';
  return new RuntimeError('Unavailable', `${command[0] ?? 'QEMU'} did not start: ${why}`, { cause });
}
