import type { SandboxId } from '@crihub/kernel';
import { expect, it } from 'vitest';
import { monitorCgroup } from './monitor-cgroup.ts';

const id = 'a'.repeat(64) as SandboxId;

it.each([
  ['cgroupfs', '/kubepods/pod1', '/kubepods/pod1/crihub-monitor'],
  ['cgroupfs', '', `/crihub/${'a'.repeat(16)}/crihub-monitor`],
  ['systemd', 'kubepods-pod1.slice', undefined],
  ['systemd', '', undefined],
] as const)('the cgroup of monitors with %s below "%s" is %s', (driver, cgroupParent, monitors) => {
  expect(monitorCgroup({ id, cgroupParent }, driver)).toBe(monitors);
});
