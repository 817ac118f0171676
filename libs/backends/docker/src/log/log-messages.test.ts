import { describe, expect, it } from 'vitest';
import { type LogBatch, skipMessages } from './log-encoder.ts';
import { messageParser } from './log-messages.ts';

const TIME = '2026-11-23T14:26:15.910992998Z';
const timeNs = 1_795_443_975_910_992_998n;

const frame = (stream: number, payload: string): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, Buffer.from(payload)]);
};
const entriesOf = ({ entries }: LogBatch): string => entries.toString();

describe('messages of the log of a container', () => {
  it('have their stream and time, and are partial without a line end', () => {
    const bytes = Buffer.concat([
      frame(1, `${TIME} whole\n`),
      frame(2, `${TIME} part`),
      frame(1, `${TIME} \n`),
      frame(1, 'no time, and nothing of the container\n'),
    ]);
    const batch = messageParser(false).push(bytes);
    expect(entriesOf(batch)).toBe(`${TIME} stdout F whole\n${TIME} stderr P part\n${TIME} stdout F \n`);
    expect(batch.messages[0]).toMatchObject({ timeNs, stream: 'stdout', partial: false });
    expect(batch.messages.map(({ partial }) => partial)).toEqual([false, true, false]);
    expect(entriesOf(skipMessages(batch, 1))).toBe(`${TIME} stderr P part\n${TIME} stdout F \n`);
    expect(entriesOf(skipMessages(batch, 5))).toBe('');
  });

  it('are told before the trouble that the engine has with what follows', () => {
    const bytes = Buffer.concat([frame(1, `${TIME} whole\n`), frame(3, 'Error grabbing logs\n')]);
    const batch = messageParser(false).push(bytes);
    expect(batch.trouble).toBe('Error grabbing logs');
    expect(entriesOf(batch)).toBe(`${TIME} stdout F whole\n`);
  });

  it('are told apart by lines and by length with a terminal, however they are cut', () => {
    const long = 'x'.repeat(16 * 1024);
    const text = `${TIME} a line\r\n${TIME} ${long}${TIME} rest\r\n${TIME} ${long}\n`;
    for (const size of [1, 7, 1000, 100_000]) {
      const parser = messageParser(true);
      let entries = '';
      for (let at = 0; at < text.length; at += size)
        entries += entriesOf(parser.push(Buffer.from(text.slice(at, at + size))));
      const expected = [`F a line\r`, `P ${long}`, 'F rest\r', `F ${long}`];
      expect(entries).toBe(expected.map((entry) => `${TIME} stdout ${entry}\n`).join(''));
    }
  });
});
