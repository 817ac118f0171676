import { describe, expect, it } from 'vitest';
import { podCgroups } from './pod-cgroups.ts';
import { sandboxRecord } from './testing/fixtures.ts';

const uid = 'b1-c2';
const cases: [string, { parent: string; own?: string; containers?: readonly string[] }, readonly string[]][] =
  [
    [
      'the kubelet’s cgroup of the pod holds all of it',
      {
        parent: '/kubepods/burstable/podb1-c2',
        own: '/kubepods/burstable/podb1-c2',
        containers: ['/kubepods/burstable/podb1-c2/x'],
      },
      ['/kubepods/burstable/podb1-c2'],
    ],
    [
      'a systemd slice is expanded, and its uid has underscores',
      { parent: 'kubepods-burstable-podb1_c2.slice', containers: ['/elsewhere/x'] },
      ['/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podb1_c2.slice'],
    ],
    [
      'a parent of many pods is not the pod',
      {
        parent: 'system.slice',
        own: '/system.slice',
        containers: ['/system.slice/crihub-a.scope', '/system.slice/crihub-b.scope'],
      },
      ['/system.slice/crihub-a.scope', '/system.slice/crihub-b.scope'],
    ],
    [
      'without a parent the sandbox’s own holds its containers',
      { parent: '', own: '/crihub/0123', containers: ['/crihub/0123/a', '/crihub/0123/b'] },
      ['/crihub/0123'],
    ],
    [
      'the shared parent of pods without one does not count',
      { parent: '', own: '/crihub.slice', containers: ['/crihub.slice/a.scope'] },
      ['/crihub.slice/a.scope'],
    ],
    [
      'a pause container is added to the others',
      { parent: '/custom', own: '/custom/pause', containers: ['/custom/a'] },
      ['/custom/pause', '/custom/a'],
    ],
    [
      'names that only begin alike are not nested',
      { parent: '/custom', own: '/custom/a', containers: ['/custom/ab'] },
      ['/custom/a', '/custom/ab'],
    ],
    ['no cgroup on this host', { parent: '/custom' }, []],
  ];

describe('podCgroups', () => {
  it.each(cases)('%s', (_sentence, { parent, own, containers = [] }, expected) => {
    const record = sandboxRecord({
      sandbox: { cgroupParent: parent, metadata: { name: 'p', namespace: 'n', uid, attempt: 0 } },
      ...(own === undefined ? {} : { cgroup: own }),
    });
    expect(
      podCgroups(
        record,
        containers.map((cgroup) => ({ cgroup })),
      ),
    ).toEqual(expected);
  });

  it('a pod without uid is never taken for its parent', () => {
    const metadata = { name: 'p', namespace: 'n', uid: '', attempt: 0 };
    expect(podCgroups(sandboxRecord({ sandbox: { cgroupParent: '/pod', metadata } }), [])).toEqual([]);
  });
});
