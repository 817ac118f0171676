import { describe, expect, it } from 'vitest';
import { messageParser } from './log-messages.ts';

const TIME = '2026-11-23T14:26:15.910992998Z';
const timeNs = 1_795_443_975_910_992_998n;

const frame = (stream: number, payload: string): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, Buffer.from(payload)]);
};
const plain = (entries: readonly { stream: string; text: Buffer; partial: boolean }[]): readonly unknown[] =>
  entries.map(({ stream, text, partial }) => [stream, text.toString(), partial]);

describe('messages of the log of a container', () => {
  it('have their stream and time, and are partial without a line end', () => {
    const bytes = Buffer.concat([
      frame(1, `${TIME} whole\n`),
      frame(2, `${TIME} part`),
      frame(1, `${TIME} \n`),
    ]);
    const entries = messageParser(false).push(bytes);
    expect(plain(entries)).toEqual([
      ['stdout', 'whole', false],
      ['stderr', 'part', true],
      ['stdout', '', false],
    ]);
    expect(entries[0]?.timeNs).toBe(timeNs);
  });

  it('are told apart by lines and by length with a terminal, however they are cut', () => {
    const long = 'x'.repeat(16 * 1024);
    const text = `${TIME} a line\r\n${TIME} ${long}${TIME} rest\r\n${TIME} ${long}\n`;
    for (const size of [1, 7, 1000, 100_000]) {
      const parser = messageParser(true);
      const entries = [];
      for (let at = 0; at < text.length; at += size)
        entries.push(...parser.push(Buffer.from(text.slice(at, at + size))));
      expect(plain(entries)).toEqual([
        ['stdout', 'a line\r', false],
        ['stdout', long, true],
        ['stdout', 'rest\r', false],
        ['stdout', long, false],
      ]);
    }
  });
});
