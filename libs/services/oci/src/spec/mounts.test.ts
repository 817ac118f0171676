import { describe, expect, it } from 'vitest';
import { aMount, type InputChanges, specInput } from '../testing/spec-fixture.ts';
import { buildSpec } from './build-spec.ts';
import { ociMounts } from './mounts.ts';
import type { NamespaceChoices } from './spec-input.ts';

const mountsOf = (changes: InputChanges = {}) => ociMounts(specInput(changes));
const at = (destination: string, changes: InputChanges = {}) =>
  mountsOf(changes).filter((mount) => mount.destination === destination);
const podUser = {
  network: 'pod',
  ipc: 'pod',
  pid: 'container',
  user: {
    uids: [{ containerId: 0, hostId: 100_000, length: 65_536 }],
    gids: [{ containerId: 0, hostId: 100_000, length: 65_536 }],
  },
} as const;

describe('mounts of every container', () => {
  it('are the kernel file systems, then the memory that the pod shares', () => {
    expect(mountsOf().map(({ destination, type, source }) => `${destination} ${type} ${source}`)).toEqual([
      '/proc proc proc',
      '/dev tmpfs tmpfs',
      '/dev/pts devpts devpts',
      '/dev/mqueue mqueue mqueue',
      '/sys sysfs sysfs',
      '/sys/fs/cgroup cgroup cgroup',
      '/dev/shm bind /run/crihub/pod/shm',
    ]);
  });

  it.each<[string, string, InputChanges, 'ro' | 'rw']>([
    ['/sys is read-only', '/sys', {}, 'ro'],
    ['cgroups are read-only', '/sys/fs/cgroup', {}, 'ro'],
    ['/sys is writable for a privileged container', '/sys', { security: { privileged: true } }, 'rw'],
    [
      'cgroups are writable for a privileged container',
      '/sys/fs/cgroup',
      { security: { privileged: true } },
      'rw',
    ],
    [
      '/dev/shm is writable even with a read-only root',
      '/dev/shm',
      { security: { readonlyRootfs: true } },
      'rw',
    ],
  ])('%s', (_sentence, destination, changes, access) => {
    const [mount, ...more] = at(destination, changes);
    expect(more).toEqual([]);
    expect(mount?.options).toContain(access);
    expect(mount?.options).not.toContain(access === 'ro' ? 'rw' : 'ro');
  });

  it("include the node's /dev/shm with the node's IPC namespace", () => {
    const { shmPath: _, ...input } = specInput({ namespaces: { ipc: 'host' } });
    expect(ociMounts(input)).toContainEqual(
      expect.objectContaining({ destination: '/dev/shm', type: 'bind', source: '/dev/shm' }),
    );
  });

  it('include a /dev/shm of 64 MiB where nobody shares one', () => {
    const { shmPath: _, ...input } = specInput({ namespaces: { ipc: 'new' } });
    expect(ociMounts(input)).toContainEqual(
      expect.objectContaining({
        destination: '/dev/shm',
        type: 'tmpfs',
        options: expect.arrayContaining(['size=65536k']) as unknown,
      }),
    );
  });

  it.each<[string, string, Partial<NamespaceChoices>, string]>([
    ['/sys', "the node's network", { user: 'new', network: 'host' }, 'bind'],
    ['/sys', 'a network of its own', { user: 'new', network: 'new' }, 'sysfs'],
    ['/sys', "the node's network and user namespace", { network: 'host' }, 'sysfs'],
    ['/dev/mqueue', "the node's IPC", { user: 'new', ipc: 'host' }, 'bind'],
    ['/dev/mqueue', 'the IPC of the pod', { user: 'new' }, 'mqueue'],
  ])('has %s in a user namespace with %s', (destination, _with, namespaces, type) => {
    expect(at(destination, { namespaces, sandbox: { namespaces: podUser } })[0]?.type).toBe(type);
  });

  it('names the tty group only where the user namespace has it', () => {
    const small = [{ containerId: 0, hostId: 100_000, length: 5 }];
    const options = (namespaces: typeof podUser) =>
      at('/dev/pts', { namespaces: { user: 'new' }, sandbox: { namespaces } })[0]?.options;
    expect(options(podUser)).toContain('gid=5');
    expect(options({ ...podUser, user: { uids: small, gids: small } } as never)).not.toContain('gid=5');
    expect(at('/dev/pts')[0]?.options).toContain('gid=5');
  });
});

describe('volumes', () => {
  it.each([
    ['a plain one', aMount(), ['rbind', 'rprivate', 'rw']],
    ['read-only', aMount({ readonly: true }), ['rbind', 'rprivate', 'ro']],
    [
      'recursively read-only',
      aMount({ readonly: true, recursiveReadonly: true }),
      ['rbind', 'rprivate', 'ro', 'rro'],
    ],
    ['following the host', aMount({ propagation: 'hostToContainer' }), ['rbind', 'rslave', 'rw']],
    ['shared with the host', aMount({ propagation: 'bidirectional' }), ['rbind', 'rshared', 'rw']],
    [
      'further restricted',
      aMount({ options: ['noexec', 'nosuid'] }),
      ['rbind', 'rprivate', 'rw', 'noexec', 'nosuid'],
    ],
  ])('%s', (_sentence, mount, options) => {
    expect(at('/data', { container: { mounts: [mount] } })).toEqual([
      { destination: '/data', type: 'bind', source: '/srv/data', options },
    ]);
  });

  it('carry their id mappings', () => {
    const ids = [{ containerId: 0, hostId: 5000, length: 10 }];
    const [mount] = at('/data', { container: { mounts: [aMount({ uidMappings: ids, gidMappings: ids })] } });
    const mapping = [{ containerID: 0, hostID: 5000, size: 10 }];
    expect(mount).toMatchObject({ uidMappings: mapping, gidMappings: mapping });
    expect(mount?.options).toContain('idmap');
  });

  it('come parents first, in their order otherwise, with normalized paths', () => {
    const destinations = ['/a/b/c', '/z', '/a', '/a/b/', '/m//n'];
    const mounts = destinations.map((destination) => aMount({ destination }));
    const made = mountsOf({ container: { mounts } }).map((mount) => mount.destination);
    expect(made.filter((path) => /^\/[azm]/.test(path))).toEqual(['/z', '/a', '/a/b', '/m/n', '/a/b/c']);
  });

  it.each<[sentence: string, destination: string, gone: readonly string[], kept: readonly string[]]>([
    ['replaces /dev/shm', '/dev/shm', ['/run/crihub/pod/shm'], ['devpts']],
    [
      "at /dev hides what would lie in it, but the pod's shm comes back",
      '/dev',
      ['tmpfs', 'devpts', 'mqueue'],
      ['/run/crihub/pod/shm'],
    ],
    ['at /sys hides sysfs and cgroups', '/sys', ['sysfs', 'cgroup'], ['proc']],
    ['does not hide what only begins alike', '/sysroot', [], ['sysfs']],
  ])('a volume %s', (_sentence, destination, gone, kept) => {
    const sources = mountsOf({ container: { mounts: [aMount({ destination })] } }).map(
      (mount) => mount.source,
    );
    expect(sources).toContain('/srv/data');
    for (const source of kept) expect(sources).toContain(source);
    for (const source of gone) expect(sources).not.toContain(source);
  });

  it.each([
    [[], undefined],
    [['private'], undefined],
    [['private', 'hostToContainer'], 'rslave'],
    [['hostToContainer', 'bidirectional', 'private'], 'rshared'],
  ] as const)('with propagation %j need that of the root to be %s', (kinds, expected) => {
    const mounts = kinds.map((propagation, index) =>
      aMount({ destination: `/d${String(index)}`, propagation }),
    );
    expect(buildSpec(specInput({ container: { mounts } })).linux.rootfsPropagation).toBe(expected);
  });
});
