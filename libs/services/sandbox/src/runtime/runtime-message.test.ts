import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isUnrunnableProgram, runtimeMessage } from './runtime-message.ts';

describe('runtimeMessage', () => {
  it.each([
    ['plain text', 'mount failed\n', 'mount failed'],
    ['the last line of several', 'warning: x\nmount failed\n\n', 'mount failed'],
    [
      'logrus',
      'time="2026-01-02T03:04:05Z" level=error msg="exec: \\"x\\": not found"',
      'exec: "x": not found',
    ],
    ['JSON', '{"level":"error","msg":"mount failed"}', 'mount failed'],
    ['what only looks like JSON', '{mount failed', '{mount failed'],
    ['a time', '2026-01-02T03:04:05.123456Z: mount failed', 'mount failed'],
    ['nothing', '\n', 'it printed nothing'],
    ['control characters', 'a\u0007b', 'a?b'],
  ])('finds the sentence in %s', (_what, output, sentence) => {
    expect(runtimeMessage(output)).toBe(sentence);
  });

  it('stays short and on one line, whatever was printed', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 1_500, unit: 'binary' }), (output) => {
        const message = runtimeMessage(output);
        expect(message.length).toBeLessThanOrEqual(1_001);
        expect(message).not.toMatch(/[\n\r]/);
      }),
      { numRuns: 30 },
    );
  });
});

describe('isUnrunnableProgram', () => {
  it.each([
    ['crun, for a name', 'executable file `nope` not found in $PATH: No such file or directory'],
    ['crun, for a path', 'executable file `/bin/nope` not found: No such file or directory'],
    ['crun, for a directory', 'open executable: Operation not permitted'],
    [
      'runc, for a name',
      'runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH',
    ],
    [
      'runc, for a path',
      'unable to start container process: exec: "/bin/nope": stat /bin/nope: no such file or directory',
    ],
    ['runc, for what may not be run', 'exec: "/etc": permission denied'],
  ])('knows it from %s', (_what, message) => {
    expect(isUnrunnableProgram(message)).toBe(true);
  });

  it.each([
    'mount `/x` to `/data`: No such file or directory',
    'error mounting "/x" to rootfs at "/data": stat /x: no such file or directory',
    'conmon gave no report: it printed nothing',
  ])('is none: %s', (message) => {
    expect(isUnrunnableProgram(message)).toBe(false);
  });
});
