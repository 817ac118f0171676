import { FrameParser } from '@crihub/transport/docker-engine';
import { type LogBatch, LogEncoder, type LogMessage } from './log-encoder.ts';

const NEWLINE = 0x0a;
/** `2026-01-31T12:00:00.000000000Z`: the engine pads its times to one width. */
const TIME_LENGTH = 30;
/** The engine splits longer lines, and ends only the last part of one with a line's end. */
const MAX_TEXT = 16 * 1024;

/** Turns what the engine sends of its log, with times, into entries of a CRI log: one for each message. */
export interface MessageParser {
  push(chunk: Buffer): LogBatch;
}

export const messageParser = (terminal: boolean): MessageParser =>
  terminal ? new TerminalMessages() : new FramedMessages();

/** Without a terminal each message is a frame; the engine tells its own trouble in frames likewise. */
class FramedMessages implements MessageParser {
  readonly #frames = new FrameParser();
  readonly #encoder = new LogEncoder();

  push(chunk: Buffer): LogBatch {
    const messages: LogMessage[] = [];
    for (const { stream, payload } of this.#frames.push(chunk)) {
      if (stream === 'system')
        return { ...this.#encoder.encode(messages), trouble: payload.toString().trim() };
      messages.push({ stream, payload });
    }
    return this.#encoder.encode(messages);
  }
}

/** With a terminal they follow each other, so that a message ends with its line or is as long as can be. */
class TerminalMessages implements MessageParser {
  readonly #encoder = new LogEncoder();
  #rest = Buffer.alloc(0);

  push(chunk: Buffer): LogBatch {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: LogMessage[] = [];
    for (let end = endOf(data); end !== undefined; end = endOf(data)) {
      messages.push({ stream: 'stdout', payload: data.subarray(0, end) });
      data = data.subarray(end);
    }
    const batch = this.#encoder.encode(messages);
    this.#rest = Buffer.from(data);
    return batch;
  }
}

function endOf(data: Buffer): number | undefined {
  const longest = TIME_LENGTH + 1 + MAX_TEXT;
  const newline = data.subarray(0, longest + 1).indexOf(NEWLINE);
  if (newline >= 0) return newline + 1;
  return data.length > longest ? longest : undefined;
}
