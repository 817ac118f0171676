import type {
  Backend,
  Container,
  PodNetworkAttachment,
  PreparedSandbox,
  Process,
  Resources,
  Sandbox,
} from '@crihub/contract';
import type { Failpoints } from '../failpoints/failpoints.ts';
import type { RigCommands } from './commands.ts';

export type ContainerOverrides = Partial<Omit<Container, 'process'>> & {
  readonly process?: Partial<Process>;
};

/** A backend under test with everything around it that a hub would have made. */
export interface Rig extends AsyncDisposable {
  /** The instance of now, started. */
  readonly backend: Backend;
  /** Programs that this backend's containers can run. */
  readonly commands: RigCommands;
  /**
   * The points inside the backend where its daemon can be made to die; `reopen` puts a new object here.
   * Without it, deaths before and after each call are tried.
   */
  readonly failpoints?: Failpoints;
  /** The daemon dies uncleanly; `whileDown` runs; then a new instance starts on the same state. */
  reopen(whileDown?: () => Promise<void>): Promise<Backend>;
  /** A pod with an id of its own that this backend can run, its directory made. */
  makeSandbox(overrides?: Partial<Sandbox>): Promise<Sandbox>;
  /** A container with an id of its own, its root filesystem and the directory of its log made. */
  makeContainer(sandbox: Sandbox, overrides?: ContainerOverrides): Promise<Container>;
  /** Attaches a prepared pod to a network, as the hub would; without it pods have none. */
  attachNetwork?(sandbox: Sandbox, prepared: PreparedSandbox): Promise<PodNetworkAttachment | undefined>;
  /** How many processes of the container have this word in their command line. */
  countProcesses(container: Container, word: string): Promise<number>;
  /** The limits in force, as the kernel has them. */
  readLimits(container: Container): Promise<Pick<Resources, 'memoryLimitBytes' | 'cpuQuotaUs'>>;
  /** Breaks the source of the backend's events once, so that it may have missed some. */
  interruptEvents?(): Promise<void>;
  /** What is left on the machine of all that was made, a line each: processes, mounts, cgroups, files. */
  leaks(): Promise<readonly string[]>;
}
