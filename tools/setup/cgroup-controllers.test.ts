import { expect, it } from 'vitest';
import { unmountedControllers } from './cgroup-controllers.ts';

it('finds the controllers of hierarchies that are mounted nowhere', () => {
  const hierarchies =
    '#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t14\t1\nhugetlb\t11\t1\t1\nnet_cls\t0\t14\t1\n';
  const mounts = 'tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0\n';
  expect(unmountedControllers(hierarchies, mounts)).toEqual(['hugetlb']);
});
