import { expect, it } from 'vitest';
import { makeReport, type TrialData, type TrialPod } from '../compare/index.ts';
import { renderPage } from './page.ts';
import { boxPlot } from './plots.ts';

const pods: readonly TrialPod[] = Array.from({ length: 60 }, (_, index) => ({
  pod: `p${String(index)}`,
  at: Date.UTC(2026, 0, 1) + index,
  unit: `default/<b>${String(index)}`,
  arm: index % 2 === 0 ? 'runc' : 'crun',
  exclusions: [],
}));
const data: TrialData = {
  experiment: 'a <script> of mine',
  arms: ['runc', 'crun'],
  pods: [
    ...pods,
    { pod: 'x', at: Date.UTC(2026, 0, 2), unit: 'u', exclusions: [{ handler: 'crun', reason: 'Drained' }] },
  ],
  measurements: pods.map(({ pod }, index) => ({
    ...{ pod, phase: 'sandbox_create' as const },
    seconds: 0.05 + (index % 7) / 1000 + (index % 2) / 100,
  })),
  footprints: [],
};

it('is one page that asks for nothing else, and says what was found', () => {
  const page = renderPage(makeReport(data));
  expect(page).not.toMatch(/(src|href)=["']?https?:|<script|@import|url\((?!['"]?#)/);
  expect(page).toContain('a &lt;script&gt; of mine');
  expect(page).toContain('61 pods came to it, of which 1 took no part.');
  expect(page).toContain('Pod creation');
  expect(page.match(/<svg/g)).toHaveLength(2);
  expect(page).toMatch(/\+\d[\d.]* ms \[\+/);
  expect(page).toContain('Drained');
});

it('says so when there is nothing yet', () => {
  const empty = { ...data, pods: [], measurements: [] };
  expect(renderPage(makeReport(empty))).toContain('No pod has come to this experiment yet.');
});

it('names every arm beside its box, however many there are', () => {
  const arms = ['runc', 'crun', 'docker', 'containerd', 'kata'];
  const many = pods.map((one, index) => ({ ...one, arm: arms[index % arms.length] ?? '' }));
  const [metric] = makeReport({ ...data, arms, pods: many }).metrics;
  if (metric === undefined) throw new Error('nothing was measured');
  const image = boxPlot(metric, { width: 420, height: 150 });
  for (const arm of arms) expect(image).toContain(`>${arm}</text>`);
});
