import type { OciMount } from '../oci-spec.ts';
import type { SpecInput } from './spec-input.ts';

const TTY_GROUP = 5;
const SAFE = ['nosuid', 'noexec', 'nodev'] as const;

/** The file systems of the kernel that every container has. */
export const kernelMounts = (input: SpecInput): readonly OciMount[] => [
  { destination: '/proc', type: 'proc', source: 'proc', options: SAFE },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  devpts(input),
  mqueue(input),
  sysfs(input),
  cgroup(input),
];

const devpts = ({ sandbox, namespaces }: SpecInput): OciMount => ({
  destination: '/dev/pts',
  type: 'devpts',
  source: 'devpts',
  options: [
    'nosuid',
    'noexec',
    'newinstance',
    'ptmxmode=0666',
    'mode=0620',
    // A group that the pod's user namespace does not have can't be named.
    ...(namespaces.user === 'host' || maps(sandbox.namespaces.user?.gids ?? [], TTY_GROUP)
      ? [`gid=${String(TTY_GROUP)}`]
      : []),
  ],
});

const maps = (
  mappings: readonly { readonly containerId: number; readonly length: number }[],
  id: number,
): boolean => mappings.some((run) => id >= run.containerId && id < run.containerId + run.length);

/** A user namespace may not mount what shows a namespace that it does not own; it gets the host's. */
function mqueue({ namespaces }: SpecInput): OciMount {
  if (namespaces.user !== 'host' && namespaces.ipc === 'host') return hostDirectory('/dev/mqueue', 'rw');
  return { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: SAFE };
}

function sysfs({ namespaces, container }: SpecInput): OciMount {
  const access = container.security.privileged ? 'rw' : 'ro';
  if (namespaces.user !== 'host' && namespaces.network === 'host') return hostDirectory('/sys', access);
  return { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...SAFE, access] };
}

const cgroup = ({ container }: SpecInput): OciMount => ({
  destination: '/sys/fs/cgroup',
  type: 'cgroup',
  source: 'cgroup',
  options: [...SAFE, 'relatime', container.security.privileged ? 'rw' : 'ro'],
});

const hostDirectory = (path: string, access: 'ro' | 'rw'): OciMount => ({
  destination: path,
  type: 'bind',
  source: path,
  options: ['rbind', 'rprivate', ...SAFE, access],
});
