import { describe, expect, it } from 'vitest';
import { parseMountInfo } from '../mounts/mountinfo.ts';
import { cgroupDirectory, cgroupLayoutOf, hugepageSizeOf, rootOfController, rootsOf } from './layout.ts';
import { expandSlice, expandSystemdPath } from './systemd-path.ts';

const V2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n';
const HYBRID = `30 23 0:25 / /sys/fs/cgroup ro shared:9 - tmpfs tmpfs ro,mode=755
31 30 0:26 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw,nsdelegate
32 30 0:27 / /sys/fs/cgroup/systemd rw shared:11 - cgroup cgroup rw,xattr,name=systemd
33 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:12 - cgroup cgroup rw,cpu,cpuacct
34 30 0:29 / /sys/fs/cgroup/memory rw shared:13 - cgroup cgroup rw,memory,release_agent=/x
`;

describe('cgroupLayoutOf', () => {
  it('finds a unified host', () => {
    const layout = cgroupLayoutOf(parseMountInfo(V2), ['cpu', 'memory']);
    expect(layout).toEqual({ version: 'v2', root: '/sys/fs/cgroup', controllers: ['cpu', 'memory'] });
    expect(rootOfController(layout, 'memory')).toBe('/sys/fs/cgroup');
    expect(rootOfController(layout, 'hugetlb')).toBeUndefined();
  });

  it('takes a hybrid host as v1, with controllers that share a mount', () => {
    const layout = cgroupLayoutOf(parseMountInfo(HYBRID), []);
    expect(layout.version).toBe('v1');
    expect(rootOfController(layout, 'cpuacct')).toBe('/sys/fs/cgroup/cpu,cpuacct');
    expect(rootOfController(layout, 'memory')).toBe('/sys/fs/cgroup/memory');
    expect(rootOfController(layout, 'name=systemd')).toBe('/sys/fs/cgroup/systemd');
    expect(rootOfController(layout, 'pids')).toBeUndefined();
    expect(rootsOf(layout)).toContain('/sys/fs/cgroup/unified');
  });

  it('refuses a host without cgroups', () => expect(() => cgroupLayoutOf([], [])).toThrow('no cgroups'));
});

describe('cgroupDirectory', () => {
  it.each(['', '/', 'relative', '/a/../b', '/a//b', '/a/', '/.'])('refuses the path "%s"', (path) =>
    expect(() => cgroupDirectory('/root', path)).toThrow('path of a cgroup'),
  );
  it('is below the root', () => expect(cgroupDirectory('/root', '/a/b')).toBe('/root/a/b'));
});

describe('huge page sizes', () => {
  it.each([
    ['hugepages-2048kB', '2MB'],
    ['hugepages-1048576kB', '1GB'],
    ['hugepages-64kB', '64KB'],
    ['else', undefined],
  ])('%s is %s', (directory, size) => expect(hugepageSizeOf(directory)).toBe(size));
});

describe('systemd paths', () => {
  it.each([
    ['kubepods.slice', '/kubepods.slice'],
    [
      'kubepods-burstable-pod1_2.slice',
      '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice',
    ],
    ['-.slice', ''],
  ])('expands the slice %s', (slice, path) => expect(expandSlice(slice)).toBe(path));

  it.each(['kubepods', '-a.slice', 'a--b.slice', 'a-.slice', 'a/b.slice', '.slice', ''])(
    'refuses the slice "%s"',
    (slice) => expect(() => expandSlice(slice)).toThrow('systemd slice'),
  );

  it.each([
    ['a-b.slice:crihub:id', '/a.slice/a-b.slice/crihub-id.scope'],
    [':crihub:id', '/system.slice/crihub-id.scope'],
    ['a.slice::id', '/a.slice/id.scope'],
    ['a.slice:x:y.slice', '/a.slice/y.slice'],
  ])('expands the unit %s', (text, path) => expect(expandSystemdPath(text)).toBe(path));

  it.each(['a.slice', 'a.slice:b:', 'a.slice:b:c:d'])('refuses the unit "%s"', (text) =>
    expect(() => expandSystemdPath(text)).toThrow('systemd cgroup path'),
  );
});
