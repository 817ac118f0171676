import { expect, it } from 'vitest';
import { type Unit, unitKey } from './unit-key.ts';

const key = (unit: Unit, name: string, labels: Record<string, string> = {}, uid = 'u'): string =>
  unitKey(unit, { metadata: { namespace: 'shop', name, uid, attempt: 0 }, labels });

it.each([
  ['a Deployment', 'web-7d9f8b6c5-x2x4k', { app: 'frontend', 'pod-template-hash': '7d9f8b6c5' }, 'shop/web'],
  [
    'a StatefulSet',
    'db-12',
    { 'statefulset.kubernetes.io/pod-name': 'db-12', 'controller-revision-hash': 'db-5f' },
    'shop/db',
  ],
  ['a DaemonSet', 'agent-x2x4k', { 'controller-revision-hash': '5f', app: 'a' }, 'shop/agent'],
  ['a Job', 'once-x2x4k', { 'batch.kubernetes.io/job-name': 'once' }, 'shop/once'],
  ['a CronJob', 'nightly-29102938-x2x4k', { 'job-name': 'nightly-29102938' }, 'shop/nightly'],
  ['an app', 'odd-name', { app: 'frontend' }, 'shop/frontend'],
  ['an instance', 'odd-name', { 'app.kubernetes.io/instance': 'blue', app: 'x' }, 'shop/blue'],
  ['a pod by itself', 'debug', {}, 'shop/debug'],
])('knows the workload of %s', (_what, name, labels, expected) => {
  expect(key('workload', name, labels)).toBe(expected);
});

it('draws each pod for itself, and the same for a pod that is made again', () => {
  expect(key('pod', 'db-0', {}, 'first')).toBe('shop/db-0');
  expect(key('pod', 'db-0', {}, 'second')).toBe('shop/db-0');
});

it('draws a namespace together', () => {
  expect(key('namespace', 'db-0')).toBe(key('namespace', 'web-1'));
});
