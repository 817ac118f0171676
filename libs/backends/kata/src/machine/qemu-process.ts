import { access, readFile, rm } from 'node:fs/promises';
import { errnoCode, RuntimeError, sleep } from '@crihub/kernel';
import { commandLineOf, isAlive, type ProcessRef, processRef, signalProcess } from '@crihub/linux';
import { run } from '@crihub/transport/process';
import type { MachineFiles } from './machine-files.ts';
import { TAP } from './qemu-arguments.ts';

export interface QemuStart {
  /** The program, then its arguments. */
  readonly command: readonly string[];
  readonly files: MachineFiles;
  /** Path of the namespace in which the tap device is made; absent: one that ends with the machine. */
  readonly networkNamespace: string | undefined;
  /** Files into which the process writes `0` to join the pod's cgroups. */
  readonly joinFiles: readonly string[];
}

/** What QEMU needs to serve files with the owners and modes that the guest asks for; all else it does without. */
const CAPABILITIES = ['chown', 'dac_override', 'fowner', 'fsetid', 'mknod', 'setfcap'];
const START_TIMEOUT_MS = 20_000;
/** One that waits for storage ends when the kernel's request does. */
const KILL_TIMEOUT_MS = 10_000;
const POLL_MS = 5;
const LOG_BYTES = 2_000;

/**
 * Prints the number of a process in a session of its own, which outlives us. The words: the log file, the
 * number of files to write to, these files, the command.
 */
const SCRIPT = `set -e
log=$1 count=$2; shift 2
while [ "$count" -gt 0 ]; do echo 0 > "$1"; shift; count=$((count - 1)); done
# Left from an attempt before, it would still be there.
ip link del dev ${TAP} 2> /dev/null || true
ip tuntap add dev ${TAP} mode tap
ip link set dev ${TAP} up
tc qdisc add dev ${TAP} handle ffff: ingress
setsid setpriv --bounding-set=-all,${CAPABILITIES.map((name) => `+${name}`).join(',')} --inh-caps=-all --no-new-privs \\
  "$@" < /dev/null >> "$log" 2>&1 &
echo $!`;

/** Starts QEMU in the pod's namespace and cgroups; resolves when its sockets are there. */
export async function startQemu(start: QemuStart, signal: AbortSignal): Promise<ProcessRef> {
  const { files, command, networkNamespace, joinFiles } = start;
  const sockets = [files.qmp, files.channel, files.state];
  await Promise.all([...sockets, files.log].map(async (path) => rm(path, { force: true })));
  const words = [files.log, String(joinFiles.length), ...joinFiles, ...command];
  const [program, option] =
    networkNamespace === undefined ? ['unshare', '--net'] : ['nsenter', `--net=${networkNamespace}`];
  const started = await run(program, {
    args: [option, 'sh', '-c', SCRIPT, 'sh', ...words],
    timeoutMs: START_TIMEOUT_MS,
    signal,
  });
  const process = started.exitCode === 0 ? await processRef(Number(started.stdout)) : undefined;
  if (process === undefined) throw await startFailure(start, started.stderr.toString());
  await untilServing(process, start, signal);
  return process;
}

async function untilServing(process: ProcessRef, start: QemuStart, signal: AbortSignal): Promise<void> {
  const { qmp, channel } = start.files;
  for (const end = Date.now() + START_TIMEOUT_MS; Date.now() < end; await sleep(POLL_MS, signal)) {
    if ((await exists(qmp)) && (await exists(channel))) return;
    if (!(await isAlive(process))) throw await startFailure(start, '');
  }
  await killQemu(process);
  throw await startFailure(start, 'it made no sockets in time');
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

async function startFailure({ files, command }: QemuStart, said: string): Promise<RuntimeError> {
  const log = await readFile(files.log, 'utf8').catch(() => ''); // it may never have got so far
  const why = `${said} ${log}`.trim().slice(-LOG_BYTES) || 'it said nothing';
  return new RuntimeError('Unavailable', `${command[0] ?? 'QEMU'} did not start: ${why}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return false;
    throw error;
  }
}
