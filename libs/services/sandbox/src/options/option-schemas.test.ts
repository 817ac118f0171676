import { expect, it } from 'vitest';
import { absolutePathOption, millisecondsOption, programOption, rlimitsOption } from './option-schemas.ts';

it.each([
  ['an absolute path', absolutePathOption, '/run/netns', true],
  ['a relative path', absolutePathOption, 'run/netns', false],
  ['a program by its path', programOption, '/usr/bin/crun', true],
  ['a program by its name', programOption, 'crun', true],
  ['a program by a relative path', programOption, 'bin/crun', false],
  ['a program with arguments', programOption, 'crun --debug', false],
  ['the shortest time', millisecondsOption, 100, true],
  ['a time that is too short', millisecondsOption, 99, false],
  ['a time that is too long', millisecondsOption, 600_001, false],
  ['a time in words', millisecondsOption, '1s', false],
  ['a limit', rlimitsOption, [{ type: 'RLIMIT_NOFILE', soft: 1, hard: 2 }], true],
  ['a limit of an unknown kind', rlimitsOption, [{ type: 'NOFILE', soft: 1, hard: 2 }], false],
  ['a limit below nothing', rlimitsOption, [{ type: 'RLIMIT_NOFILE', soft: -1, hard: 2 }], false],
])('of %s it is known whether it can be', (_what, schema, value, valid) => {
  expect(schema.safeParse(value).success).toBe(valid);
});
