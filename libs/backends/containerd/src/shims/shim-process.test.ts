import { expect, it } from 'vitest';
import { shimId } from './shim-process.ts';

const owner = { namespace: 'crihub', socketPath: '/run/containerd/containerd.sock' };
const id = 'a'.repeat(64);
const line = (change: string): readonly string[] =>
  `/usr/bin/containerd-shim-runc-v2 -namespace crihub -id ${id} -address /run/containerd/containerd.sock${change}`.split(
    ' ',
  );

it('knows a shim by its command line', () => {
  expect(shimId(line(''), owner)).toBe(id);
});

it.each([
  ['of another namespace', line('').map((word) => (word === 'crihub' ? 'k8s.io' : word))],
  ['of another containerd', line('2')],
  ['that was not made here', line('').map((word) => (word === id ? 'demo' : word))],
  ['that has yet to start', line(' start')],
  ['that puts one away', line(' -bundle /run/one delete')],
  ['that is another program', ['/usr/bin/runc', ...line('').slice(1)]],
  ['that has ended', []],
])('passes over one %s', (_which, words) => {
  expect(shimId(words, owner)).toBeUndefined();
});
