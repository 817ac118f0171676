import type { SandboxId } from '@crihub/kernel';
import type { ProcessMounts } from '@crihub/linux';
import type { SshConnection } from '@crihub/transport/ssh';

/** A directory that this host and a guest both see; absolute paths. */
export interface SharedDirectory {
  readonly host: string;
  readonly guest: string;
}

/** What a pod's host shares with its guest. */
export interface GuestShares {
  /** Root filesystems and volumes, with their true modes and links. The guest can't change what is not mounted below. */
  readonly files: SharedDirectory;
  /**
   * What the guest reports: exit files and logs. Here the guest makes plain files only, whatever it asks for
   * (9p's mapped modes), so neither the daemon nor the kubelet is led elsewhere by a link.
   */
  readonly reports: SharedDirectory;
}

/** The machine of one pod, as long as it runs. */
export interface Guest extends GuestShares {
  readonly sandboxId: SandboxId;
  /** Changes with every boot of a guest. */
  readonly bootId: string;
  /** Mounts that the machine alone sees, at the paths at which its guest has its shares. */
  readonly mounts: Pick<ProcessMounts, 'bind' | 'unmountUnder'>;
  /** The live connection; made anew where it was lost. @throws Unavailable when the machine can't be reached. */
  ssh(signal: AbortSignal): Promise<SshConnection>;
}
