import type { OciMount } from '../oci-spec.ts';
import type { SpecInput } from './spec-input.ts';

/** What the pod's containers share besides the hub's mounts: /dev/shm. */
export function podMounts({ namespaces, shmPath }: SpecInput): readonly OciMount[] {
  const shm = shmPath ?? (namespaces.ipc === 'host' ? '/dev/shm' : undefined);
  return [shm === undefined ? OWN_SHM : bind('/dev/shm', shm)];
}

const OWN_SHM: OciMount = {
  destination: '/dev/shm',
  type: 'tmpfs',
  source: 'shm',
  options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
};

const bind = (destination: string, source: string): OciMount => ({
  destination,
  type: 'bind',
  source,
  options: ['rbind', 'rprivate', 'rw'],
});
