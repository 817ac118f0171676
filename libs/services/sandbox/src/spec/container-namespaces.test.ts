import { sampleContainer, sampleSandbox } from '@crihub/contract-testkit';
import { describe, expect, it } from 'vitest';
import { containerNamespaces } from './container-namespaces.ts';

const container = sampleContainer(sampleSandbox({ directory: '/pod' }), { rootfs: '/root', logPath: '' });
const sources = { paths: {}, pidOwner: undefined, cgroupVersion: 2 } as const;

describe('namespaces of a container', () => {
  it('are the pod’s own where it has them, and the node’s where it has none', () => {
    const paths = { net: '/net', uts: '/uts', user: '/user' };
    expect(containerNamespaces(container, { ...sources, paths })).toMatchObject({
      network: { path: '/net' },
      ipc: 'host',
      uts: { path: '/uts' },
      user: { path: '/user' },
    });
  });

  it.each([
    ['container', 7, 'new'],
    ['node', 7, 'host'],
    ['pod', 7, { path: '/proc/7/ns/pid' }],
    ['target', 7, { path: '/proc/7/ns/pid' }],
    ['pod', undefined, 'new'],
  ] as const)('have for processes in mode %s with owner %s: %o', (mode, pidOwner, pid) => {
    const pidNamespace = mode === 'target' ? { mode, target: container.id } : { mode };
    expect(containerNamespaces({ ...container, pidNamespace }, { ...sources, pidOwner }).pid).toEqual(pid);
  });

  it.each([
    [2, false, 'new'],
    [2, true, 'host'],
    [1, false, 'host'],
  ] as const)(
    'have with cgroup v%s, privileged: %s, the cgroup namespace %s',
    (version, privileged, cgroup) => {
      const security = { ...container.security, privileged };
      const made = containerNamespaces({ ...container, security }, { ...sources, cgroupVersion: version });
      expect(made.cgroup).toBe(cgroup);
    },
  );
});
