import { expect, it } from 'vitest';
import { runtimeIsolation } from './runtime-isolation.ts';

it.each([
  ['runc', 'namespaces'],
  ['/usr/local/sbin/crun', 'namespaces'],
  ['runsc', 'userspaceKernel'],
  ['/usr/bin/runsc', 'userspaceKernel'],
  ['io.containerd.runc.v2', 'namespaces'],
  ['io.containerd.runsc.v1', 'userspaceKernel'],
  ['io.containerd.kata.v2', 'virtualMachine'],
  ['kata-qemu', 'virtualMachine'],
  ['something-new', 'namespaces'],
])('takes %s for %s', (name, isolation) => {
  expect(runtimeIsolation(name)).toBe(isolation);
});
