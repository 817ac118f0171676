import { describe, expect, it } from 'vitest';
import { parseConmonMessage, parseSyncReport } from './sync-report.ts';

describe('parseSyncReport', () => {
  it.each([
    ['the process of a creation', '{"pid": 4711}', { created: true, pid: 4711 }],
    ['the process of an exec', '{"data": 4711}', { created: true, pid: 4711 }],
    ['a failure with its sentence', '{"pid": -1, "message": "no"}', { created: false, message: 'no' }],
    ['a failure without one', '{"pid": -1}', { created: false, message: 'conmon reported -1' }],
    ['what is not JSON', 'Segmentation fault', undefined],
    ['JSON that is not of conmon', '{"pid": "x"}', undefined],
  ])('reads %s', (_what, line, expected) => {
    expect(parseSyncReport(line)).toEqual(expected);
  });

  it('reads the exit code of an exec', () => {
    expect(parseConmonMessage('{"data": 0}')).toEqual({ number: 0 });
  });
});
