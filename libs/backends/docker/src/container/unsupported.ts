import type { Container, Mount, Sandbox } from '@crihub/contract';
import { inexpressible } from '../failures.ts';

/** @throws Unimplemented for what the engine's API has no words for. */
export function refuseSandbox({ id, namespaces }: Sandbox): void {
  if (namespaces.user === undefined) return;
  throw inexpressible(
    id,
    'give a pod a user namespace of its own',
    'set hostUsers: true, or use the handler of another backend',
  );
}

/** @throws Unimplemented likewise. */
export function refuseContainer(container: Container, canForceReadonly: boolean): void {
  const { id, security, mounts } = container;
  if (security.capabilities.addAmbient.length > 0) {
    const names = security.capabilities.addAmbient.join(', ');
    throw inexpressible(
      id,
      `give a container the ambient capabilities ${names}`,
      'add them to its own alone',
    );
  }
  for (const mount of mounts) refuseMount(id, mount, canForceReadonly);
}

function refuseMount(id: string, mount: Mount, canForceReadonly: boolean): void {
  const { destination } = mount;
  const mapped = mount.uidMappings.length + mount.gidMappings.length > 0;
  if (mapped) throw inexpressible(id, `map the ids of the mount ${destination}`, 'mount it without mappings');
  if (mount.options.length > 0) {
    const options = mount.options.join(',');
    throw inexpressible(id, `mount ${destination} with ${options}`, 'leave the options out');
  }
  if (mount.readonly && mount.recursiveReadonly && !canForceReadonly) {
    throw inexpressible(
      id,
      `make what is mounted below ${destination} read-only before version 25`,
      'set recursiveReadOnly: Disabled, or upgrade the engine',
    );
  }
}
