import { type LogEntry, type OutputStream, parseTimestamp } from '@crihub/service-container-log';
import { FrameParser } from '@crihub/transport/docker-engine';

const NEWLINE = 0x0a;
/** `2026-01-31T12:00:00.000000000Z`: the engine pads its times to one width. */
const TIME_LENGTH = 30;
/** The engine splits longer lines, and ends only the last part of one with a line's end. */
const MAX_TEXT = 16 * 1024;

/** Turns what the engine sends of its log, with times, into entries: one for each of its messages. */
export interface MessageParser {
  push(chunk: Buffer): readonly LogEntry[];
}

export const messageParser = (terminal: boolean): MessageParser =>
  terminal ? new TerminalMessages() : new FramedMessages();

/** Without a terminal each message is a frame. */
class FramedMessages implements MessageParser {
  readonly #frames = new FrameParser();

  push(chunk: Buffer): readonly LogEntry[] {
    return this.#frames.push(chunk).flatMap(({ stream, payload }) => {
      const entry = stream === 'system' ? undefined : entryOf(stream, payload);
      return entry === undefined ? [] : [entry];
    });
  }
}

/** With a terminal they follow each other, so that a message ends with its line or is as long as can be. */
class TerminalMessages implements MessageParser {
  #rest = Buffer.alloc(0);

  push(chunk: Buffer): readonly LogEntry[] {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const entries: LogEntry[] = [];
    for (let end = endOf(data); end !== undefined; end = endOf(data)) {
      const entry = entryOf('stdout', data.subarray(0, end));
      if (entry !== undefined) entries.push(entry);
      data = data.subarray(end);
    }
    this.#rest = Buffer.from(data);
    return entries;
  }
}

function endOf(data: Buffer): number | undefined {
  const longest = TIME_LENGTH + 1 + MAX_TEXT;
  const newline = data.subarray(0, longest + 1).indexOf(NEWLINE);
  if (newline >= 0) return newline + 1;
  return data.length > longest ? longest : undefined;
}

function entryOf(stream: OutputStream, payload: Buffer): LogEntry | undefined {
  const timeNs = parseTimestamp(payload.toString('latin1', 0, TIME_LENGTH));
  if (timeNs === undefined) return undefined;
  const partial = payload[payload.length - 1] !== NEWLINE;
  const text = payload.subarray(TIME_LENGTH + 1, partial ? payload.length : payload.length - 1);
  return { timeNs, stream, text, partial };
}
