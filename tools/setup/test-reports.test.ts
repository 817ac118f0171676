import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from './repository.ts';
import { countsOf, failuresOf, formatFailure, parseReport } from './test-reports.ts';

const result = (status: string, fullName = status): object => ({
  fullName,
  status,
  failureMessages: status === 'failed' ? ['Error: no\n    at a.test.ts:1:1'] : [],
});
const file = (name: string, status: string, assertionResults: readonly object[]): object => ({
  name: path.join(REPOSITORY, name),
  status,
  message: status === 'failed' ? 'set-up failed\n    at a.test.ts:1:1' : '',
  assertionResults,
});

describe('parseReport', () => {
  it.each([
    {
      sentence: 'counts what is to be done as skipped',
      files: [file('a.test.ts', 'passed', [result('passed'), result('todo'), result('skipped')])],
      counts: { passed: 1, failed: 0, skipped: 2 },
      failures: [],
    },
    {
      sentence: 'names a test that failed, with the first line of the reason',
      files: [file('a.test.ts', 'failed', [result('passed'), result('failed', 'the room is dark')])],
      counts: { passed: 1, failed: 1, skipped: 0 },
      failures: ['a.test.ts: the room is dark: Error: no'],
    },
    {
      sentence: 'counts a file that could not be loaded as a failure',
      files: [file('a.test.ts', 'failed', []), file('b.test.ts', 'passed', [result('passed')])],
      counts: { passed: 1, failed: 1, skipped: 0 },
      failures: ['a.test.ts: set-up failed'],
    },
    {
      sentence: 'counts a file whose set-up failed as a failure, and its tests as skipped',
      files: [file('a.test.ts', 'failed', [result('skipped'), result('skipped')])],
      counts: { passed: 0, failed: 1, skipped: 2 },
      failures: ['a.test.ts: set-up failed'],
    },
  ])('$sentence', ({ files, counts, failures }) => {
    const report = parseReport({ testResults: files });
    expect(countsOf(report)).toEqual(counts);
    expect(failuresOf(report).map(formatFailure)).toEqual(failures);
  });
});
