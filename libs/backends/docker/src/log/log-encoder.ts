import { type OutputStream, parseTimestamp } from '@crihub/service-container-log';
import type { WrittenMessage } from './log-progress.ts';

/** One message of the engine's log: its time, a space, its text. */
export interface LogMessage {
  readonly stream: OutputStream;
  readonly payload: Buffer;
}

/** A piece of the engine's log as entries of a CRI log, an entry for each message. */
export interface LogBatch {
  readonly entries: Buffer;
  readonly messages: readonly EncodedMessage[];
  /** What the engine says of its own trouble behind these messages. */
  readonly trouble?: string;
}

export interface EncodedMessage extends WrittenMessage {
  /** Where its entry ends. */
  readonly end: number;
}

/** The batch without its first messages. */
export function skipMessages(batch: LogBatch, count: number): LogBatch {
  if (count === 0) return batch;
  const start = batch.messages[Math.min(count, batch.messages.length) - 1]?.end ?? 0;
  return { ...batch, entries: batch.entries.subarray(start), messages: batch.messages.slice(count) };
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const TIME_LENGTH = 30;
/** Up to the point behind the seconds. */
const SECONDS_LENGTH = 19;
const FULL = 'F'.charCodeAt(0);
const PARTIAL = 'P'.charCodeAt(0);
const STREAMS = { stdout: Buffer.from(' stdout '), stderr: Buffer.from(' stderr ') } as const;
/** What an entry has more than its message: ` stdout F ` and a line's end, less a space. */
const GROWTH = 10;

/**
 * Encodes messages as entries. The engine's times are those of CRI logs to the letter, so that nearly all
 * is copied as it is: containers may say some hundred thousand lines a second.
 */
export class LogEncoder {
  /** The second that was last read, and its time: most messages share it with the one before. */
  #second = '';
  #secondNs = 0n;

  encode(messages: readonly LogMessage[]): LogBatch {
    const size = messages.reduce((sum, { payload }) => sum + payload.length + GROWTH, 0);
    const target = Buffer.allocUnsafe(size);
    const encoded: EncodedMessage[] = [];
    let end = 0;
    for (const { stream, payload } of messages) {
      const timeNs = this.#timeOf(payload);
      if (timeNs === undefined) continue; // nothing that a container said
      const partial = payload[payload.length - 1] !== NEWLINE;
      end = writeEntry(target, end, { stream, payload, partial });
      encoded.push({ timeNs, stream, partial, end });
    }
    return { entries: target.subarray(0, end), messages: encoded };
  }

  #timeOf(payload: Buffer): bigint | undefined {
    if (payload[TIME_LENGTH] !== SPACE) return undefined;
    const second = payload.toString('latin1', 0, SECONDS_LENGTH);
    if (second !== this.#second) {
      const secondNs = parseTimestamp(`${second}Z`);
      if (secondNs === undefined) return undefined;
      this.#second = second;
      this.#secondNs = secondNs;
    }
    return this.#secondNs + BigInt(payload.toString('latin1', SECONDS_LENGTH + 1, TIME_LENGTH - 1));
  }
}

/** Writes `time stream tag text` and a line's end. @returns where it ends. */
function writeEntry(
  target: Buffer,
  start: number,
  { stream, payload, partial }: LogMessage & { readonly stream: OutputStream; readonly partial: boolean },
): number {
  const head = STREAMS[stream];
  payload.copy(target, start, 0, TIME_LENGTH);
  target.set(head, start + TIME_LENGTH);
  const tag = start + TIME_LENGTH + head.length;
  target[tag] = partial ? PARTIAL : FULL;
  const copied = payload.copy(target, tag + 1, TIME_LENGTH);
  const end = tag + 1 + copied;
  if (!partial) return end;
  target[end] = NEWLINE;
  return end + 1;
}
