import { readFile } from 'node:fs/promises';
import { errnoCode } from '@crihub/kernel';

export interface LogLine {
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  readonly tag: string;
  readonly text: string;
}

const LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP]) (.*)$/;

/** The lines of a CRI log; none if the file is not there yet. @throws for a line in another format. */
export async function readLog(path: string): Promise<readonly LogLine[]> {
  const content = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errnoCode(error) === 'ENOENT') return '';
    throw error;
  });
  // The last line may be in the making.
  return content.split('\n').slice(0, -1).map(parseLine);
}

function parseLine(line: string): LogLine {
  const [, time, stream, tag, text] = LINE.exec(line) ?? [];
  if (time === undefined || tag === undefined || text === undefined) {
    throw new Error(`not a line of a CRI log: ${line.slice(0, 200)}`);
  }
  return { time, stream: stream === 'stderr' ? 'stderr' : 'stdout', tag, text };
}

/** The output of one stream as the program wrote it, except for the line ends. */
export const joinLines = (lines: readonly LogLine[], stream: LogLine['stream']): string =>
  lines
    .filter((line) => line.stream === stream)
    .map(({ tag, text }) => (tag === 'P' ? text : `${text}\n`))
    .join('');
