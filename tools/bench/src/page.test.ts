import { expect, it } from 'vitest';
import { renderPage } from './page.ts';
import { Recorder } from './samples.ts';

it('is one page that asks for nothing else, with a plot for each unit and a table', () => {
  const recorder = new Recorder();
  for (const ms of [1, 2, 3]) recorder.record('exec <b>', ms, 'ms');
  recorder.record('cat', 80, 'MB/s');
  const page = renderPage([{ suite: 'exec', about: 'Commands.', subjects: [{ name: 'peer', recorder }] }]);
  expect(page).not.toMatch(/(src|href)=["']?https?:|<script|@import|url\(http/);
  expect(page.match(/<svg/g)).toHaveLength(2);
  expect(page).toContain('2.0 / 3.0');
  expect(page).toContain('exec &lt;b&gt;');
});
