import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Metrics } from './metrics.ts';
import { STILL_GAUGES } from './testing/still-gauges.ts';

const DEPLOY = join(import.meta.dirname, '../../../deploy');
const METRIC = /\b(?:crihub|nodejs|process)_[a-z0-9_]+/g;
/** What Prometheus makes of one histogram. */
const SUFFIX = /_(?:bucket|count|sum)$/;

it.each(['grafana/crihub.json', 'prometheus/crihub.rules.yaml'])(
  '%s asks for metrics that there are, and no others',
  async (file) => {
    const metrics = new Metrics();
    metrics.addGauges(STILL_GAUGES);
    const { body } = await metrics.render();
    const known = new Set([...body.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
    const named = [...(await readFile(join(DEPLOY, file), 'utf8')).matchAll(METRIC)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !known.has(name) && !known.has(name.replace(SUFFIX, '')))).toEqual([]);
  },
);

it('names every metric of ours as Prometheus has it', async () => {
  const metrics = new Metrics();
  metrics.addGauges(STILL_GAUGES);
  const { body } = await metrics.render();
  for (const [, name = '', type = ''] of body.matchAll(/^# TYPE (crihub_\S+) (\S+)/gm)) {
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
  }
});
