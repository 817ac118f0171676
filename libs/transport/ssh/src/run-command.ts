import { RuntimeError } from '@crihub/kernel';
import { OutputBuffer } from '../../process/src/output-buffer.ts';
import type { RunOptions, RunResult } from '../../process/src/run.ts';
import type { SshChannel } from './ssh-channel.ts';

export type SshRunOptions = Pick<RunOptions, 'input' | 'maxOutputBytes' | 'timeoutMs' | 'signal'>;

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_OUTPUT_BYTES = 1024 * 1024;

/** Runs the command of a channel to its end. The time counts from the wait for a channel on. */
export async function runCommand(
  command: string,
  { input, maxOutputBytes = DEFAULT_OUTPUT_BYTES, timeoutMs = DEFAULT_TIMEOUT_MS, signal }: SshRunOptions,
  open: (signal: AbortSignal) => Promise<SshChannel>,
): Promise<RunResult> {
  signal?.throwIfAborted();
  const timeout = new AbortController();
  const late = `${shown(command)} took longer than ${String(timeoutMs)} ms over SSH, and was let go`;
  const timer = setTimeout(() => timeout.abort(new RuntimeError('DeadlineExceeded', late)), timeoutMs);
  const either = signal === undefined ? timeout.signal : AbortSignal.any([signal, timeout.signal]);
  try {
    return await collect(await open(either), input, maxOutputBytes, either);
  } finally {
    clearTimeout(timer);
  }
}

async function collect(
  channel: SshChannel,
  input: RunOptions['input'],
  maxOutputBytes: number,
  signal: AbortSignal,
): Promise<RunResult> {
  const stdout = new OutputBuffer(maxOutputBytes);
  const stderr = new OutputBuffer(maxOutputBytes);
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const { stream, exit } = channel;
  stream.once('close', close);
  stream.on('data', (chunk: Buffer) => stdout.push(chunk));
  stream.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  stream.end(input);
  // OpenSSH closes a channel no sooner than its process ends, so the caller is not made to wait for that.
  const kill = (): void => {
    channel.kill();
    close();
  };
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    await closed;
    signal.throwIfAborted();
    return { exitCode: await exit, stdout: stdout.take(), stderr: stderr.take() };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

/** The command as far as a message can hold it. */
const shown = (command: string): string => (command.length > 80 ? `${command.slice(0, 79)}…` : command);
