import type { Readable } from 'node:stream';

const MAX_LINE = 4 * 1024 * 1024;

/** The values of a stream of JSON texts, a line each. @throws for a line that is none, or is too long. */
export async function* jsonLines(source: Readable): AsyncGenerator<unknown> {
  let rest = '';
  for await (const chunk of source.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE)
      throw new Error(`a line of JSON is longer than ${String(MAX_LINE)} characters`);
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as unknown;
  }
  if (rest.trim() !== '') yield JSON.parse(rest) as unknown;
}
