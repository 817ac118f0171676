import { describe, expect, it } from 'vitest';
import { parseSignal } from './signals.ts';

describe('parseSignal', () => {
  it.each<[string | number, number]>([
    ['SIGTERM', 15],
    ['term', 15],
    ['15', 15],
    [9, 9],
    ['SIGCLD', 17],
    ['SIGRTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['RTMIN+30', 64],
    ['SIGRTMAX-1', 63],
    ['SIGRTMAX', 64],
    ['64', 64],
  ])('%s is %i', (signal, number) => expect(parseSignal(signal)).toBe(number));

  it.each([
    '',
    '0',
    '65',
    '-1',
    'SIGNAL',
    'SIGRTMIN+31',
    'SIGRTMAX+1',
    'SIGRTMIN-1',
    '1.5',
    'constructor',
    'SIG',
  ])('refuses "%s" and says what is allowed', (signal) =>
    expect(() => parseSignal(signal)).toThrow(/unknown signal .* SIGTERM/),
  );
});
