import type { ContainerId, SandboxId } from '@crihub/kernel';

/** Where the files of containers are, on the machine that runs them. */
export interface ContainerLayout {
  /** The OCI runtime's own state. */
  readonly runtimeRoot: string;
  /** conmon writes a file with the exit code here, named after the container. */
  readonly exits: string;
  /** A directory that can hold sockets and FIFOs; its path has 80 characters at most. */
  bundle(id: ContainerId | SandboxId): string;
  /** The directory in which conmon notes what else is to be known of the container's end. */
  persistent(id: ContainerId | SandboxId): string;
}

/** The same files as the daemon reaches them. */
export interface ExitLayout {
  /** The file with the exit code. */
  exit(id: ContainerId | SandboxId): string;
  persistent(id: ContainerId | SandboxId): string;
}
