import type { Container } from '@crihub/contract';
import { newContainerId } from '@crihub/kernel';
import { CreateContainerResponse, Field } from '@crihub/wire/nri';
import { describe, expect, it } from 'vitest';
import { sampleContainer } from '../testing/samples.ts';
import { Creation } from './creation.ts';
import { Owners } from './owners.ts';
import { Updates } from './updates.ts';

type Adjust = NonNullable<Parameters<typeof CreateContainerResponse.create>[0]>['adjust'];

const adjusted = (...adjustments: readonly Adjust[]): Creation => {
  const creation = new Creation(sampleContainer().container);
  for (const [index, adjust] of adjustments.entries())
    creation.add(`${String(index)}0-plugin`, CreateContainerResponse.create({ adjust }));
  return creation;
};

const bind = { type: 'bind', source: '/host', options: ['rbind', 'ro', 'rslave', 'nosuid'] };

describe('Creation', () => {
  it.each<[what: string, adjust: Adjust, expected: Partial<Container>]>([
    ['adds annotations', { annotations: { new: '1' } }, { annotations: { kept: 'yes', old: '1', new: '1' } }],
    ['removes annotations', { annotations: { '-old': '' } }, { annotations: { kept: 'yes' } }],
    [
      'replaces an annotation that it removes',
      { annotations: { old: '2', '-old': '' } },
      { annotations: { kept: 'yes', old: '2' } },
    ],
    [
      'adds a mount',
      { mounts: [{ ...bind, destination: '/data' }] },
      {
        mounts: [
          {
            destination: '/data',
            source: '/host',
            readonly: true,
            recursiveReadonly: false,
            propagation: 'hostToContainer',
            selinuxRelabel: false,
            uidMappings: [],
            gidMappings: [],
            options: ['nosuid'],
          },
        ],
      },
    ],
    [
      'adds a device',
      { linux: { devices: [{ path: '/dev/null' }] } },
      { devices: [{ hostPath: '/dev/null', containerPath: '/dev/null', permissions: 'rwm' }] },
    ],
    ['adds CDI devices', { CDIDevices: [{ name: 'a.b/c=d' }] }, { cdiDevices: ['a.b/c=d'] }],
    [
      'sets limits, and leaves the others',
      {
        linux: {
          oomScoreAdj: { value: 5n },
          resources: {
            cpu: {
              shares: { value: 2n },
              quota: { value: -1n },
              period: { value: 1000n },
              cpus: '0-2,4',
              mems: '0',
            },
            memory: { limit: { value: 7n }, swap: { value: 9n } },
            hugepageLimits: [{ pageSize: '2MB', limit: 3n }],
            unified: { 'memory.high': '1' },
            pids: { limit: 10n },
          },
        },
      },
      {
        resources: {
          cpuShares: 2,
          cpuQuotaUs: -1,
          cpuPeriodUs: 1000,
          cpusetCpus: '0-2,4',
          cpusetMems: '0',
          memoryLimitBytes: 7,
          memorySwapLimitBytes: 9,
          hugepages: [{ pageSize: '2MB', limitBytes: 3 }],
          unified: { 'memory.high': '1' },
          pidsLimit: 10,
          oomScoreAdj: 5,
        },
      },
    ],
  ])('%s', (_what, adjust, expected) => {
    expect(adjusted(adjust).container).toMatchObject(expected);
  });

  it('changes the environment and the arguments', () => {
    const { container } = adjusted({
      env: [
        { key: 'NEW', value: 'a=b' },
        { key: '-OLD', value: '' },
      ],
      args: ['top'],
    });
    expect(container.process).toMatchObject({ env: ['PATH=/bin', 'NEW=a=b'], args: ['top'] });
  });

  it('sets limits of processes', () => {
    const { container } = adjusted({ rlimits: [{ type: 'RLIMIT_CORE', soft: 1n, hard: 2n ** 64n - 1n }] });
    expect(container.process.rlimits).toEqual([{ type: 'RLIMIT_CORE', soft: 1, hard: -1 }]);
  });

  it.each<[what: string, adjust: Adjust, message: RegExp]>([
    ['hooks', { hooks: { poststop: [{ path: '/bin/true' }] } }, /hooks of the OCI runtime can't be adjusted/],
    ['a limit that is none', { rlimits: [{ type: 'core', hard: 1n, soft: 1n }] }, /no limit such as/],
    [
      'the seccomp policy',
      { linux: { seccompPolicy: { defaultAction: 'SCMP_ACT_ALLOW' } } },
      /seccomp policy/,
    ],
    ['an RDT class', { linux: { resources: { rdtClass: { value: 'gold' } } } }, /RDT class/],
    [
      'a memory reservation',
      { linux: { resources: { memory: { reservation: { value: 1n } } } } },
      /reservation/,
    ],
    ['a mount of another kind', { mounts: [{ destination: '/a', type: 'tmpfs' }] }, /only bind mounts/],
    [
      'an unknown option of a mount',
      { mounts: [{ ...bind, destination: '/a', options: ['bind', 'sync'] }] },
      /option 'sync'/,
    ],
    ['a mount that climbs', { mounts: [{ ...bind, destination: '/a/../b' }] }, /without '\.\.'/],
    [
      'a relative source',
      { mounts: [{ ...bind, destination: '/a', source: 'b' }] },
      /must be an absolute path/,
    ],
    ['a bad variable', { env: [{ key: 'A=B', value: '' }] }, /no name of a variable/],
    ['no arguments', { args: [''] }, /set to none/],
    ['a bad cpuset', { linux: { resources: { cpu: { cpus: '0;1' } } } }, /no list such as/],
    [
      'a number beyond all',
      { linux: { resources: { memory: { limit: { value: 2n ** 62n } } } } },
      /out of range/,
    ],
    ['an impossible score', { linux: { oomScoreAdj: { value: 5000n } } }, /-1000 to 1000/],
    ['a file elsewhere', { linux: { resources: { unified: { '../x': '1' } } } }, /no file of a cgroup/],
  ])('refuses %s with a sentence', (_what, adjust, message) => {
    expect(() => adjusted(adjust)).toThrow(message);
  });

  it.each<[what: string, first: Adjust, second: Adjust]>([
    ['a mount', { mounts: [{ ...bind, destination: '/a' }] }, { mounts: [{ ...bind, destination: '/a' }] }],
    ['a variable', { env: [{ key: 'A', value: '1' }] }, { env: [{ key: 'A', value: '2' }] }],
    ['an annotation', { annotations: { a: '1' } }, { annotations: { a: '1' } }],
    ['the arguments', { args: ['a'] }, { args: ['b'] }],
    [
      'a limit',
      { linux: { resources: { cpu: { shares: { value: 1n } } } } },
      { linux: { resources: { cpu: { shares: { value: 2n } } } } },
    ],
    [
      'what another has removed',
      { env: [{ key: '-OLD', value: '' }] },
      { env: [{ key: 'OLD', value: '2' }] },
    ],
  ])('lets only one plugin set %s', (_what, first, second) => {
    expect(() => adjusted(first, second)).toThrow(/plugins 00-plugin and 10-plugin both set/);
  });

  it('lets a plugin take over what it removes first', () => {
    const { container, owners } = adjusted(
      { mounts: [{ ...bind, destination: '/a' }], args: ['a'] },
      {
        mounts: [{ ...bind, destination: '/a', source: '/other' }, { destination: '-/a' }],
        args: ['', 'b'],
      },
    );
    expect(container.mounts).toMatchObject([{ destination: '/a', source: '/other' }]);
    expect(container.process.args).toEqual(['b']);
    expect(owners.owners[container.id]).toMatchObject({
      simple: { [Field.Args]: '10-plugin' },
      compound: { [Field.Mounts]: { owners: { '/a': '10-plugin' } } },
    });
  });

  it('shows validators the sum of all adjustments', () => {
    const { adjustment } = adjusted(
      { env: [{ key: 'A', value: '1' }], linux: { resources: { cpu: { shares: { value: 0n } } } } },
      { env: [{ key: 'B', value: '2' }], linux: { resources: { cpu: { cpus: '1' } } } },
    );
    expect(adjustment).toMatchObject({
      env: [{ key: 'A' }, { key: 'B' }],
      linux: { resources: { cpu: { shares: { value: 0n }, cpus: '1' } } },
    });
  });

  it('refuses updates of the container that is being made', () => {
    const creation = new Creation(sampleContainer().container);
    const update = [{ containerId: creation.container.id }];
    expect(() => creation.add('00-a', CreateContainerResponse.create({ update }))).toThrow(/is to adjust it/);
  });
});

describe('Updates', () => {
  const limit = (value: bigint): { resources: object } => ({ resources: { cpu: { shares: { value } } } });
  const wire = (containerId: string, linux: object, ignoreFailure = false): never =>
    CreateContainerResponse.create({ update: [{ containerId, linux, ignoreFailure }] }).update[0] as never;

  it('joins what plugins want of one container; it may fail only if all say so', () => {
    const id = newContainerId();
    const updates = new Updates(new Owners());
    updates.add('00-a', [wire(id, limit(5n), true)]);
    updates.add('10-b', [wire(id, { resources: { pids: { limit: 3n } } })]);
    expect(updates.requests.updates).toEqual([
      { id, resources: { cpuShares: 5, pidsLimit: 3 }, ignoreFailure: false },
    ]);
  });

  it('tells a conflict', () => {
    const id = newContainerId();
    const updates = new Updates(new Owners());
    updates.add('00-a', [wire(id, limit(5n))]);
    expect(() => updates.add('10-b', [wire(id, limit(6n))])).toThrow(/00-a and 10-b both set CPUShares/);
  });

  it('refuses what is no id', () => {
    expect(() => new Updates(new Owners()).add('00-a', [wire('nobody', limit(1n))])).toThrow(
      /no id of a container/,
    );
  });
});
