import { RuntimeError, untilAborted, withDeadline } from '@crihub/kernel';
import type { SpdyConnection } from '../spdy/spdy-connection.ts';
import type { SpdyStream } from '../spdy/spdy-stream.ts';
import type { CommandStreams, StreamSelection } from './command-streams.ts';
import { endStream } from './end-stream.ts';
import { encodeStatus, type Status } from './status.ts';

export type StreamKind = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

/** The header that says what a stream is for. */
export const STREAM_TYPE = 'streamtype';

/** Gathers the streams that a SPDY client opens for a command. */
export class SpdyCommandStreams {
  readonly #expected: readonly StreamKind[];
  readonly #streams = new Map<string, SpdyStream>();
  readonly #complete = Promise.withResolvers<void>();
  readonly #version: number;

  constructor(selection: StreamSelection, version: number) {
    this.#version = version;
    this.#expected = expectedKinds(selection, version);
  }

  /** A stream that the client has opened. One that is not expected is read and leads nowhere. */
  add(stream: SpdyStream): void {
    const kind = stream.headers.get(STREAM_TYPE) ?? '';
    if (this.#streams.has(kind) || !this.#expected.some((expected) => expected === kind)) {
      stream.resume();
      return;
    }
    this.#streams.set(kind, stream);
    // Nothing comes on these; their end must be seen all the same.
    if (kind !== 'stdin' && kind !== 'resize') stream.resume();
    if (this.#expected.every((expected) => this.#streams.has(expected))) this.#complete.resolve();
  }

  /** @throws DeadlineExceeded if the client has not opened all of them in time. */
  async complete(
    connection: SpdyConnection,
    creationTimeoutMs: number,
    signal: AbortSignal,
  ): Promise<CommandStreams> {
    const caller = AbortSignal.any([connection.ended, signal]);
    await withDeadline("the client's opening of its streams", creationTimeoutMs, caller, (deadline) =>
      untilAborted(this.#complete.promise, deadline),
    );
    const [stdout, stderr] = [this.#streams.get('stdout'), this.#streams.get('stderr')];
    const error = this.#streams.get('error');
    if (error === undefined) throw new RuntimeError('Internal', 'a command without an error stream');
    const finish = async (status: Status): Promise<void> => {
      await Promise.all([stdout, stderr].map((stream) => endStream(stream, connection.ended)));
      error.write(encodeStatus(status, this.#version));
      await Promise.all([...this.#streams.values()].map((stream) => endStream(stream, connection.ended)));
    };
    return { stdin: this.#streams.get('stdin'), stdout, stderr, resize: this.#streams.get('resize'), finish };
  }
}

function expectedKinds(selection: StreamSelection, version: number): readonly StreamKind[] {
  const kinds = (['stdin', 'stdout', 'stderr'] as const).filter((kind) => selection[kind]);
  const resize = selection.terminal && version >= 3 ? (['resize'] as const) : [];
  return ['error', ...kinds, ...resize];
}
