import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { TerminalSize } from '@crihub/contract';
import { RuntimeError, untilAborted, withDeadline } from '@crihub/kernel';
import { runtimeMessage } from '@crihub/service-sandbox';
import { BASE_ENVIRONMENT } from '@crihub/transport/process';
import { type AttachStreams, attachStreams } from '../conmon/attach-streams.ts';
import { attachSocket, conmonExecArguments, type MonitoredExec } from '../conmon/conmon-arguments.ts';
import { resizeTerminal } from '../conmon/control.ts';
import { parseConmonMessage, parseSyncReport } from '../conmon/sync-report.ts';
import type { Executor, MachineProcess } from '../execution/executor.ts';
import { markedCommand } from './process-mark.ts';

export interface TerminalExecOptions {
  readonly runtimeRoot: string;
  readonly callTimeoutMs: number;
}

export interface TerminalExecDependencies {
  readonly executor: Executor;
  readonly programs: { conmon(): Promise<string>; runtime(): Promise<string> };
}

/** A process with a terminal. */
export interface StartedTerminal {
  readonly streams: Pick<AttachStreams, 'stdin' | 'stdout'>;
  /** Resolves when conmon told how the process ended, or ended itself without a word. */
  readonly exitCode: Promise<number>;
  resize(size: TerminalSize): Promise<void>;
}

/** conmon's pipes are this program's standard streams: sync, start and attach. */
const PIPES_AND_BECOME = 'exec "$@" 3>&1 4<&0 5>&2 >/dev/null 2>/dev/null </dev/null';
const PIPES = { _OCI_SYNCPIPE: '3', _OCI_STARTPIPE: '4', _OCI_ATTACHPIPE: '5' } as const;
const GO = '\n';
const UNKNOWN_EXIT_CODE = 255;

/** Starts processes with a terminal under a conmon of their own. The runtimes hand its other end over a socket, which conmon can take. */
export class TerminalExec {
  readonly #options: TerminalExecOptions;
  readonly #dependencies: TerminalExecDependencies;

  constructor(options: TerminalExecOptions, dependencies: TerminalExecDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** @throws FailedPrecondition with the runtime's sentence if the process can't be run. */
  async start(exec: MonitoredExec, mark: number, signal: AbortSignal): Promise<StartedTerminal> {
    const { executor, programs } = this.#dependencies;
    const { runtimeRoot, callTimeoutMs } = this.#options;
    const [conmon, runtime] = await Promise.all([programs.conmon(), programs.runtime()]);
    const args = conmonExecArguments(exec, { runtime, runtimeRoot });
    const child = await executor.spawn('/bin/sh', {
      args: markedCommand(mark, ['/bin/sh', '-c', PIPES_AND_BECOME, 'sh', conmon, ...args]),
      env: { ...BASE_ENVIRONMENT, ...PIPES },
      stdin: true,
    });
    try {
      return await withDeadline('starting a process with a terminal', callTimeoutMs, signal, (deadline) =>
        untilAborted(converse(child, exec, executor), deadline),
      );
    } catch (error) {
      child.killGroup();
      throw error;
    }
  }
}

async function converse(
  child: MachineProcess,
  exec: MonitoredExec,
  executor: Executor,
): Promise<StartedTerminal> {
  // conmon may end before it reads; its missing answer is then the error to report.
  child.stdin?.on('error', () => undefined);
  const sync = linesOf(child.stdout);
  const attach = linesOf(child.stderr);
  child.stdin?.write(GO);
  const ready = await nextLine(attach);
  if (ready === undefined || parseConmonMessage(ready)?.number !== 0) throw failure(exec.id, ready);
  const socket = await executor.connectSeqpacket(attachSocket(exec.directory));
  const streams = attachStreams(socket, { terminal: true, stdin: exec.stdin });
  child.stdin?.write(GO);
  const line = await nextLine(sync);
  const report = line === undefined ? undefined : parseSyncReport(line);
  if (report?.created !== true) {
    streams.close();
    throw failure(exec.id, report?.message ?? line);
  }
  return {
    streams,
    exitCode: nextLine(sync).then(exitCodeOf),
    resize: (size) => resizeTerminal(size, exec.directory, executor.files),
  };
}

function exitCodeOf(line: string | undefined): number {
  const code = line === undefined ? undefined : parseConmonMessage(line)?.number;
  return code === undefined || code < 0 ? UNKNOWN_EXIT_CODE : code;
}

const linesOf = (stream: Readable): AsyncIterator<string> =>
  createInterface({ input: stream })[Symbol.asyncIterator]();

async function nextLine(lines: AsyncIterator<string>): Promise<string | undefined> {
  const next = (await lines.next()) as IteratorResult<string, undefined>;
  return next.value;
}

const failure = (id: string, message: string | undefined): RuntimeError =>
  new RuntimeError('FailedPrecondition', runtimeMessage(message ?? 'conmon gave no report'), {
    operation: 'exec',
    id,
  });
