import type { Readable } from 'node:stream';
import type { ProcessSession } from '@crihub/contract';
import { RuntimeError, untilAborted, withDeadline } from '@crihub/kernel';
import type { Handlers } from '../router/handlers.ts';
import type { NodeState } from './node-state.ts';
import { phaseSubject } from './phase-subject.ts';
import { type PhaseObserver, timed } from './phases.ts';

/** Bytes kept of each stream; the rest is read and dropped (CRI, ExecSyncResponse). */
const OUTPUT_LIMIT = 16 * 1024 * 1024;
/** How long a stream may be silent after the process ended, while a child of it holds it open; in ms. */
const DRAIN_SILENCE_MS = 500;

export interface ExecResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly exitCode: number;
}

/** ExecSync: runs a command in a container to its end. */
export class ExecSync {
  readonly #node: NodeState;
  readonly #handlers: Handlers;
  readonly #phases: PhaseObserver;

  constructor(deps: {
    readonly node: NodeState;
    readonly handlers: Handlers;
    readonly phases: PhaseObserver;
  }) {
    this.#node = deps.node;
    this.#handlers = deps.handlers;
    this.#phases = deps.phases;
  }

  /**
   * @param timeoutSeconds 0: as long as it takes.
   * @throws DeadlineExceeded after the time, when the command and all that it started are dead: the
   *   kubelet's prober counts this as a failure.
   */
  async exec(
    idOrPrefix: string,
    args: readonly string[],
    timeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<ExecResult> {
    const record = this.#node.records.visibleContainer(idOrPrefix);
    if (args.length === 0) throw new RuntimeError('InvalidArgument', 'cmd is empty: there is nothing to run');
    if (timeoutSeconds < 0)
      throw new RuntimeError('InvalidArgument', `timeout is ${String(timeoutSeconds)} s`);
    if (record.phase !== 'running') {
      throw new RuntimeError('FailedPrecondition', `container ${record.id} is ${record.phase}, not running`, {
        id: record.id,
      });
    }
    const pod = this.#node.records.visibleSandbox(record.sandboxId);
    const handler = this.#handlers.of(pod);
    const run = async (deadline: AbortSignal): Promise<ExecResult> => {
      const spec = { args, terminal: false, stdin: false };
      return await collect(await handler.backend.processes.exec(record.id, spec, deadline), deadline);
    };
    return await timed(this.#phases, phaseSubject(pod, record.id), 'exec', () =>
      timeoutSeconds === 0
        ? run(signal)
        : withDeadline(`command ${args[0] ?? ''}`, timeoutSeconds * 1000, signal, run),
    );
  }
}

async function collect(session: ProcessSession, signal: AbortSignal): Promise<ExecResult> {
  const stdout = new Collector(session.stdout);
  const stderr = new Collector(session.stderr);
  try {
    const { exitCode } = await untilAborted(session.exit, signal);
    await Promise.all([stdout.drained(), stderr.drained()]);
    return { exitCode, stdout: stdout.bytes(), stderr: stderr.bytes() };
  } catch (reason) {
    await session.kill();
    throw reason;
  } finally {
    session.stdout.destroy();
    session.stderr?.destroy();
  }
}

/** The beginning of a stream, up to the limit. */
class Collector {
  readonly #chunks: Buffer[] = [];
  readonly #ended: Promise<void>;
  #size = 0;
  #lastData = performance.now();

  constructor(stream: Readable | undefined) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    if (stream === undefined) {
      resolve();
      return;
    }
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    // A broken stream ends the output; the exit code tells the rest.
    stream.once('error', () => resolve());
    stream.once('close', () => resolve());
    stream.once('end', () => resolve());
  }

  /** Resolves at the stream's end, or when it has been silent for a while. */
  async drained(): Promise<void> {
    const silence = Promise.withResolvers<void>();
    const timer = setInterval(() => {
      if (performance.now() - this.#lastData > DRAIN_SILENCE_MS) silence.resolve();
    }, DRAIN_SILENCE_MS / 5);
    try {
      await Promise.race([this.#ended, silence.promise]);
    } finally {
      clearInterval(timer);
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  #take(chunk: Buffer): void {
    this.#lastData = performance.now();
    const part = chunk.subarray(0, OUTPUT_LIMIT - this.#size);
    if (part.length > 0) this.#chunks.push(part);
    this.#size += part.length;
  }
}
