import type { Container, Mount } from '@crihub/contract';
import { sampleContainer, sampleSandbox } from '@crihub/contract-testkit';
import { expect, it } from 'vitest';
import { GuestLayout } from './guest-layout.ts';
import { guestSpecHost, GuestSpecs, refuseHostOnly } from './guest-specs.ts';

const shares = {
  files: { host: '/pod/files', guest: '/share/files' },
  reports: { host: '/pod/reports', guest: '/share/reports' },
};
const specs = new GuestSpecs(
  { host: guestSpecHost([6, 1]), rlimits: [], shares },
  { layout: new GuestLayout(shares) },
);
const sandbox = sampleSandbox({ directory: '/pod' });
const volume: Mount = {
  destination: '/data',
  source: '/var/lib/kubelet/volume',
  readonly: true,
  recursiveReadonly: true,
  propagation: 'hostToContainer',
  selinuxRelabel: false,
  uidMappings: [],
  gidMappings: [],
  options: ['noexec'],
};
const container = (change: Partial<Container> = {}): Container =>
  sampleContainer(sandbox, { rootfs: '/layers/merged', logPath: '/var/log/pods/p/c/0.log', ...change });

const specOf = (given: Container, pidOwner?: number): ReturnType<GuestSpecs['specOf']> =>
  specs.specOf({ container: given, sandbox, cgroupsPath: `/crihub/${given.id}`, pidOwner });

it('names what the guest sees in place of what the host has', async () => {
  const given = container({ mounts: [volume] });
  const spec = await specOf(given);
  expect(spec.root.path).toBe(`/run/crihub/roots/${given.id.slice(0, 32)}/rootfs`);
  expect(spec.mounts.find(({ destination }) => destination === '/data')).toMatchObject({
    source: `/share/files/${given.id}/mount-0`,
    options: ['rbind', 'rprivate', 'ro', 'noexec'],
  });
  expect(specs.logPathOf(given)).toBe(`/share/reports/logs/${given.id}/0.log`);
  expect(specs.logPathOf(container({ logPath: '' }))).toBe('');
});

it('leaves it to the host to close a volume whose inner mounts stay open', async () => {
  const given = container({ mounts: [{ ...volume, recursiveReadonly: false }] });
  const { mounts } = await specOf(given);
  expect(mounts.find(({ destination }) => destination === '/data')?.options).toContain('rw');
});

it('makes mount, PID and cgroup namespaces, and leaves the others to the machine', async () => {
  const { linux } = await specOf(container());
  expect(linux.namespaces.map(({ type }) => type).toSorted()).toEqual(['cgroup', 'mount', 'pid']);
});

it('joins the PID namespace that the pod shares', async () => {
  const { linux } = await specOf(container({ pidNamespace: { mode: 'pod' } }), 42);
  expect(linux.namespaces).toContainEqual({ type: 'pid', path: '/proc/42/ns/pid' });
});

const range = { containerId: 0, hostId: 100_000, length: 65_536 };
it.each<[string, Partial<Container>]>([
  ['a device', { devices: [{ hostPath: '/dev/kvm', containerPath: '/dev/kvm', permissions: 'rw' }] }],
  ['a CDI device', { cdiDevices: ['vendor.com/gpu=0'] }],
  ['bidirectional propagation', { mounts: [{ ...volume, propagation: 'bidirectional' }] }],
  ['an id-mapped mount', { mounts: [{ ...volume, uidMappings: [range] }] }],
])('refuses %s', (_what, change) => {
  expect(() => refuseHostOnly(container(change))).toThrow(
    expect.objectContaining({
      kind: 'Unimplemented',
      message: expect.stringContaining('virtual machine') as string,
    }),
  );
});

it('takes a plain container as it is', () => {
  expect(() => refuseHostOnly(container({ mounts: [volume] }))).not.toThrow();
});
