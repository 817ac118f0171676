import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { jsonLines } from './json-lines.ts';

it('takes JSON texts from lines, however they are cut, and the last one without its end', async () => {
  const chunks = ['{"a":', '1}\n{"b":"\u00e4', '"}\r\n\n', '3'];
  const values: unknown[] = [];
  for await (const value of jsonLines(Readable.from(chunks.map((chunk) => Buffer.from(chunk)))))
    values.push(value);
  expect(values).toEqual([{ a: 1 }, { b: '\u00e4' }, 3]);
});

it('refuses what is no JSON', async () => {
  const read = async (): Promise<void> => {
    for await (const _value of jsonLines(Readable.from([Buffer.from('nonsense\n')])));
  };
  await expect(read()).rejects.toThrow(SyntaxError);
});
