import type { ContainerId, SandboxId } from '@crihub/kernel';
import { describe, expect, it } from 'vitest';
import { containerCgroup, podCgroup } from './pod-cgroups.ts';

const id = 'a'.repeat(64) as SandboxId;
const container = 'c'.repeat(64) as ContainerId;

describe('cgroups of a pod', () => {
  it.each([
    ['cgroupfs', '/kubepods/pod1', '/kubepods/pod1', `/kubepods/pod1/${container}`],
    ['cgroupfs', '', `/crihub/${'a'.repeat(16)}`, `/crihub/${'a'.repeat(16)}/${container}`],
    [
      'systemd',
      'kubepods-pod1.slice',
      '/kubepods.slice/kubepods-pod1.slice',
      `/kubepods.slice/kubepods-pod1.slice/crihub-${container}.scope`,
    ],
    ['systemd', '', '/crihub.slice', `/crihub.slice/crihub-${container}.scope`],
  ] as const)('with %s below "%s"', (driver, cgroupParent, pod, ofContainer) => {
    const sandbox = { id, cgroupParent };
    expect(podCgroup(sandbox, driver)).toBe(pod);
    expect(containerCgroup(container, sandbox, driver).path).toBe(ofContainer);
  });

  it('are named to runtimes in the form that their driver takes', () => {
    const sandbox = { id, cgroupParent: 'kubepods-pod1.slice' };
    expect(containerCgroup(container, sandbox, 'systemd').specPath).toBe(
      `kubepods-pod1.slice:crihub:${container}`,
    );
  });
});
