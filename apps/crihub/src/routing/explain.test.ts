import { ExplainResponse } from '@crihub/wire/admin';
import { expect, it } from 'vitest';
import { sentences } from './explain.ts';

const pod = { namespace: 'shop', name: 'web-0', handler: 'runc', backend: 'runc', isolation: 'namespaces' };
const refusals = [{ handler: 'docker', reason: 'Unhealthy', message: 'it is away' }];

it.each([
  ['the default', { by: 'request' }, 'It named no handler and got the default.'],
  ['its wish', { by: 'request', asked: 'runc' }, 'It asked for runc.'],
  ['a fallback', { by: 'request', asked: 'docker', refusals }, 'runc stands in for what could not:'],
  [
    'a draw',
    { by: 'draw', asked: 'trial', experiment: 'trial', unit: 'workload', key: 'shop/web' },
    'It asked for trial, an experiment, which drew runc for workload shop/web.',
  ],
  [
    'an exclusion',
    { by: 'exclusion', asked: 'trial', experiment: 'trial', refusals },
    'it takes no part in experiment trial',
  ],
  ['a lost reason', {}, 'was lost with the state database'],
])('says that a pod is where it is by %s', (_what, placement, sentence) => {
  const text = sentences(ExplainResponse.create({ ...pod, ...placement })).join('\n');
  expect(text).toContain('pod shop/web-0 is on handler runc (backend runc, isolated by namespaces)');
  expect(text).toContain(sentence);
  if ('refusals' in placement) expect(text).toContain('docker: Unhealthy: it is away');
});
