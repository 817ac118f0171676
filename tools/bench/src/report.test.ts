import { expect, it } from 'vitest';
import { formatReport, reportJson, type SuiteResult } from './report.ts';
import { Recorder } from './samples.ts';

function recorded(values: Readonly<Record<string, readonly number[]>>): Recorder {
  const recorder = new Recorder();
  for (const [name, all] of Object.entries(values))
    for (const value of all) recorder.record(name, value, 'ms');
  return recorder;
}

const result: SuiteResult = {
  suite: 'exec',
  about: 'Commands.',
  subjects: [
    { name: 'peer', recorder: recorded({ exec: [10, 20, 30] }) },
    { name: 'ours', recorder: recorded({ exec: [5, 10, 15], only: [7] }) },
  ],
};

it('has a row for each measurement, with ratios to the first subject', () => {
  const text = formatReport([result]);
  expect(text).toContain('exec: Commands.');
  expect(text).toMatch(/exec +│ 3 +│ ms +│ 20\.0 \/ 30\.0 +│ 10\.0 \/ 15\.0 \(0\.50\)/);
  expect(text).toMatch(/only +│ 1 +│ ms +│ +│ 7\.0/);
});

it('has the same figures as JSON', () => {
  expect(reportJson([result])).toMatchObject([
    {
      suite: 'exec',
      measurements: [
        {
          measurement: 'exec',
          subjects: [{ ratio: 1 }, { name: 'ours', count: 3, p50: 10, p99: 15, ratio: 0.5 }],
        },
        { measurement: 'only', subjects: [{ name: 'ours', p50: 7 }] },
      ],
    },
  ]);
});
