import { describe, expect, it } from 'vitest';
import { runcOptions } from './options.ts';

describe('runcOptions', () => {
  it('has a default for everything', () => {
    expect(runcOptions.parse({})).toMatchObject({
      runtime: 'runc',
      conmonPath: 'conmon',
      pausePath: 'catatonit',
    });
  });

  it.each([
    ['a relative path', { runtime: 'bin/crun x' }],
    ['an unknown setting', { runtim: 'crun' }],
    ['a time that is no number', { callTimeoutMs: '1s' }],
    ['a time that is too short', { createTimeoutMs: 1 }],
    ['a limit of an unknown kind', { rlimits: [{ type: 'NOFILE', soft: 1, hard: 1 }] }],
  ])('refuses %s', (_what, options) => {
    expect(runcOptions.safeParse(options).success).toBe(false);
  });
});
