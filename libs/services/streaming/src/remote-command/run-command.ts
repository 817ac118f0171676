import type { ProcessExit, ProcessSession } from '@crihub/contract';
import { describeError, untilAborted } from '@crihub/kernel';
import type { CommandStreams, StreamSelection } from './command-streams.ts';
import { pumpInput } from './input-pump.ts';
import { OutputPump } from './output-pump.ts';
import { Resizer } from './resizer.ts';
import { exitStatus, failure, type Status, success } from './status.ts';

/** Opens a session when the client has come; the signal aborts when it has gone. */
export type SessionOpener = (signal: AbortSignal) => Promise<ProcessSession>;

/** A command for a client to run, or a running one for it to join. */
export type CommandRequest =
  | { readonly kind: 'exec'; readonly streams: StreamSelection; readonly open: SessionOpener }
  | {
      readonly kind: 'attach';
      readonly streams: StreamSelection;
      readonly open: SessionOpener;
      /** The end of the client's input ends the session; otherwise it ends the process's standard input. */
      readonly detachAtEndOfInput: boolean;
    };

const FAILURE: Readonly<Record<CommandRequest['kind'], string>> = {
  exec: 'error executing command in container',
  attach: 'error attaching to container',
};

/**
 * Runs or joins a command on a client's streams, until it has ended or the signal aborts, and tells the client.
 * @throws what kept it from being run or followed; that the client has gone is no such thing.
 */
export async function runCommand(
  request: CommandRequest,
  streams: CommandStreams,
  signal: AbortSignal,
): Promise<void> {
  try {
    await streams.finish(await follow(request, streams, signal));
  } catch (error) {
    await streams.finish(failure(`${FAILURE[request.kind]}: ${describeError(error)}`));
    if (!signal.aborted) throw error;
  }
}

async function follow(
  request: CommandRequest,
  streams: CommandStreams,
  signal: AbortSignal,
): Promise<Status> {
  const session = await request.open(signal);
  try {
    signal.throwIfAborted();
    const outputs = [
      new OutputPump(session.stdout, streams.stdout),
      new OutputPump(session.stderr, streams.stderr),
    ];
    if (streams.resize !== undefined) new Resizer(session).follow(streams.resize);
    const exit = await untilAborted(endOf(session, request, streams), signal);
    if (exit === 'detached') {
      await session.kill();
      return success;
    }
    await untilAborted(Promise.all(outputs.map((output) => output.drained())), signal);
    return request.kind === 'attach' ? success : exitStatus(exit);
  } catch (error) {
    await session.kill();
    throw error;
  } finally {
    for (const stream of [session.stdin, session.stdout, session.stderr]) stream?.destroy();
  }
}

/** The process's end, or that the client wants no more of it. */
async function endOf(
  session: ProcessSession,
  request: CommandRequest,
  streams: CommandStreams,
): Promise<ProcessExit | 'detached'> {
  const detaches = request.kind === 'attach' && request.detachAtEndOfInput;
  const { stdin } = session;
  if (stdin === undefined) {
    streams.stdin?.resume();
    return await session.exit;
  }
  // What is wrong with it is what the pump sees, and it may fail at other times too.
  stdin.on('error', () => undefined);
  const inputEnded = streams.stdin === undefined ? Promise.resolve() : pumpInput(streams.stdin, stdin);
  if (detaches && streams.stdin !== undefined) {
    return await Promise.race([session.exit, inputEnded.then(() => 'detached' as const)]);
  }
  void inputEnded.then(() => stdin.end());
  return await session.exit;
}
