import { expect, it } from 'vitest';
import { renderPage } from './page.ts';
import type { SuiteResult } from './report.ts';
import { Recorder } from './samples.ts';

const pageOf = (subjects: SuiteResult['subjects']): string =>
  renderPage([{ suite: 'exec', about: 'Commands.', subjects }]);

it('is one page that asks for nothing else, with a plot for each unit and a table', () => {
  const recorder = new Recorder();
  for (const ms of [1, 2, 3]) recorder.record('exec <b>', ms, 'ms');
  recorder.record('cat', 80, 'MB/s');
  const page = pageOf([{ name: 'peer', recorder }]);
  expect(page).not.toMatch(/(src|href)=["']?https?:|<script|@import|url\(http/);
  expect(page.match(/<svg/g)).toHaveLength(2);
  expect(page).toContain('2.0 / 3.0');
  expect(page).toContain('exec &lt;b&gt;');
});

it('plots ratios where there are several subjects, and cuts no label', () => {
  const [peer, ours] = [new Recorder(), new Recorder()];
  const long = 'monitors, shims and machines, per pod';
  peer.record(long, 8, 'MiB');
  ours.record(long, 2, 'MiB');
  const page = pageOf([
    { name: 'peer', recorder: peer },
    { name: 'ours', recorder: ours },
  ]);
  expect(page.match(/<svg/g)).toHaveLength(2);
  expect(page).toContain('>ratio to peer</text>');
  expect(page).toContain('>0.25</text>');
  expect(page).toContain(`>${long}</text>`);
});
