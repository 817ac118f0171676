import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { formatAge, formatDuration, isoTime } from './age.ts';
import { formatBytes } from './bytes.ts';
import { renderTable } from './table.ts';
import { Terminal } from './terminal.ts';

const [MINUTE, HOUR, DAY] = [60, 3_600, 86_400];
const YEAR = 365 * DAY;

it.each<[number, string]>([
  [-5, '0s'],
  [0, '0s'],
  [119, '119s'],
  [2 * MINUTE, '2m'],
  [3 * MINUTE + 20, '3m20s'],
  [10 * MINUTE + 59, '10m'],
  [179 * MINUTE, '179m'],
  [3 * HOUR, '3h'],
  [5 * HOUR + 30 * MINUTE, '5h30m'],
  [8 * HOUR + 30 * MINUTE, '8h'],
  [47 * HOUR, '47h'],
  [2 * DAY, '2d'],
  [3 * DAY + 4 * HOUR, '3d4h'],
  [8 * DAY + 4 * HOUR, '8d'],
  [2 * YEAR - DAY, '729d'],
  [2 * YEAR + 3 * DAY, '2y3d'],
  [8 * YEAR + 3 * DAY, '8y'],
])('%i s are written %s, as kubectl does', (seconds, text) => {
  expect(formatDuration(seconds * 1000)).toBe(text);
});

it('never happened is no age', () => {
  expect([formatAge(0n, 1_000), isoTime(0n)]).toEqual(['-', null]);
  expect(formatAge(1_000_000_000n, 6_000)).toBe('5s');
  expect(isoTime(1_700_000_000_123_456_789n)).toBe('2023-11-14T22:13:20.123Z');
});

it.each<[number | bigint, string]>([
  [0, '0B'],
  [999, '999B'],
  [1000, '1kB'],
  [1_528_506n, '1.53MB'],
  [999_499, '999kB'],
  [999_500, '1MB'],
  [83_240_000_000, '83.2GB'],
  [2n ** 62n, '4610PB'],
])('%s bytes are written %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

describe('a table', () => {
  const columns = [
    { head: 'NAME', cell: (row: readonly [string, string]) => row[0] },
    { head: 'STATE', cell: (row: readonly [string, string]) => row[1] },
  ];

  it('has aligned columns without borders, and a dash for what is empty', () => {
    const rows = [['long-name', 'Ready'] as const, ['a', ''] as const];
    expect(renderTable(columns, rows)).toBe('NAME        STATE\nlong-name   Ready\na           -');
  });

  it('is aligned whatever the colours', () => {
    const rows = [['\u001b[32mgreen\u001b[39m', 'x'] as const, ['plain', 'y'] as const];
    const lines = renderTable(columns, rows).split('\n');
    expect(lines.slice(1)).toEqual(['\u001b[32mgreen\u001b[39m   x', 'plain   y']);
  });
});

describe('the terminal', () => {
  const terminal = (format: 'table' | 'json'): { terminal: Terminal; read: () => [string, string] } => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const text = (stream: PassThrough): string => String(stream.read() ?? '');
    return {
      terminal: new Terminal({ format }, { stdout, stderr }),
      read: () => [text(stdout), text(stderr)],
    };
  };
  const columns = [{ head: 'N', cell: ({ n }: { n: number }) => String(n) }];

  it('has no colours in a pipe', () => {
    expect(terminal('table').terminal.paint('red', 'text')).toBe('text');
  });

  it.each([
    ['says beside the result that there is none', 'table', [], '', 'none\n'],
    ['prints an empty list to a program', 'json', [], '[]\n', ''],
    ['prints rows to people', 'table', [{ n: 1 }], 'N\n1\n', ''],
  ] as const)('%s', async (_sentence, format, rows, out, err) => {
    const test = terminal(format);
    await test.terminal.showRows(rows, columns, 'none');
    expect(test.read()).toEqual([out, err]);
  });

  it('waits for a slow reader', async () => {
    const { terminal: slow } = terminal('table');
    let written = false;
    const write = slow.print('x'.repeat(100_000)).then(() => (written = true));
    await new Promise(setImmediate);
    expect(written).toBe(false);
    slow.stdout.emit('drain');
    await write;
  });
});
