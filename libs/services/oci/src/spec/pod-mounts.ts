import { join } from 'node:path';
import type { OciMount } from '../oci-spec.ts';
import type { SpecInput } from './spec-input.ts';

const FILES = ['hostname', 'hosts', 'resolv.conf'] as const;

/** What the pod's containers share: the files of its name and network, and /dev/shm. */
export function podMounts({ container, sandbox, namespaces, shmPath }: SpecInput): readonly OciMount[] {
  const access = container.security.readonlyRootfs ? 'ro' : 'rw';
  const files = FILES.map((name) => bind(`/etc/${name}`, join(sandbox.directory, name), access));
  const shm = shmPath ?? (namespaces.ipc === 'host' ? '/dev/shm' : undefined);
  return [...files, shm === undefined ? OWN_SHM : bind('/dev/shm', shm, 'rw')];
}

const OWN_SHM: OciMount = {
  destination: '/dev/shm',
  type: 'tmpfs',
  source: 'shm',
  options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
};

const bind = (destination: string, source: string, access: 'ro' | 'rw'): OciMount => ({
  destination,
  type: 'bind',
  source,
  options: ['rbind', 'rprivate', access],
});
