import { basename } from 'node:path';
import type { Container, Mount } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import {
  ALL_CAPABILITIES,
  buildSpec,
  hostArchitecture,
  type OciRlimit,
  type OciSpec,
  resolveSeccomp,
  type SeccompHost,
  type SpecHost,
} from '@crihub/service-oci';
import type { CreationInput } from '@crihub/service-oci-containers';
import { containerNamespaces } from '@crihub/service-sandbox';
import type { GuestLayout } from './guest-layout.ts';
import { logIn, mountIn } from './guest-layout.ts';
import type { GuestShares } from './guest.ts';

/** What the guest's kernel can do; we build it, and its init is its root. */
export const guestSpecHost = (kernelVersion: SeccompHost['kernelVersion']): SpecHost & SeccompHost => ({
  cgroupVersion: 2,
  capabilities: ALL_CAPABILITIES,
  seccomp: true,
  apparmor: false,
  selinux: false,
  swapLimit: true,
  hugepageLimit: false,
  minOomScoreAdj: -1000,
  hardRlimits: {},
  architecture: hostArchitecture(),
  kernelVersion,
});

export interface GuestSpecsOptions {
  readonly host: SpecHost & SeccompHost;
  readonly rlimits: readonly OciRlimit[];
  readonly shares: GuestShares;
}

/**
 * Specifications for containers in a guest. The machine is the pod's own, so its network, IPC and UTS
 * namespaces are the pod's, and a container joins them by making none.
 */
export class GuestSpecs {
  readonly #options: GuestSpecsOptions;
  readonly #layout: GuestLayout;

  constructor(options: GuestSpecsOptions, { layout }: { readonly layout: GuestLayout }) {
    this.#options = options;
    this.#layout = layout;
  }

  /** @throws InvalidArgument or FailedPrecondition for what the guest can't give. */
  async specOf({
    container,
    sandbox,
    cgroupsPath,
    pidOwner,
  }: Omit<CreationInput, 'joinFiles'>): Promise<OciSpec> {
    const { host, rlimits } = this.#options;
    const seccomp = await resolveSeccomp(container.security, host);
    const namespaces = containerNamespaces(container, {
      paths: {},
      pidOwner,
      cgroupVersion: host.cgroupVersion,
    });
    return buildSpec({
      container: this.#asInGuest(container),
      sandbox,
      host,
      namespaces,
      cgroupsPath,
      ...(seccomp === undefined ? {} : { seccomp }),
      devices: [],
      rlimits,
    });
  }

  logPathOf({ id, logPath }: Container): string {
    return logPath === '' ? '' : `${logIn(this.#options.shares.reports, id).guest}/${basename(logPath)}`;
  }

  #asInGuest(container: Container): Container {
    const { id, mounts } = container;
    const { files } = this.#options.shares;
    return {
      ...container,
      rootfs: this.#layout.rootfs(id),
      mounts: mounts.map((mount, index) => ({
        ...mount,
        source: mountIn(files, id, index).guest,
        // What is mounted on the host later shows in the share itself.
        propagation: 'private',
        // What lies below a mount is one file system here: only the host can close the upper part alone.
        readonly: mount.readonly && mount.recursiveReadonly,
        recursiveReadonly: false,
      })),
    };
  }
}

/** @throws Unimplemented for what a virtual machine can't give. */
export function refuseHostOnly({ id, devices, cdiDevices, mounts }: Container): void {
  const device = devices[0]?.hostPath ?? cdiDevices[0];
  if (device !== undefined) throw unimplemented(id, `the device ${device} of the host`);
  const mapped = mounts.find(isMapped);
  if (mapped !== undefined) throw unimplemented(id, `id mappings of the mount ${mapped.destination}`);
  const shared = mounts.find(({ propagation }) => propagation === 'bidirectional');
  if (shared === undefined) return;
  throw unimplemented(id, `the bidirectional propagation of the mount ${shared.destination}`);
}

const isMapped = ({ uidMappings, gidMappings }: Mount): boolean =>
  uidMappings.length > 0 || gidMappings.length > 0;

const unimplemented = (id: string, what: string): RuntimeError =>
  new RuntimeError('Unimplemented', `a virtual machine can't have ${what}`, {
    operation: 'create container',
    id,
  });
