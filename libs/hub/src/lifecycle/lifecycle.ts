import type { Logger } from '@crihub/kernel';
import type { Handlers } from '../router/handlers.ts';
import type { FootprintSampler } from '../measurements/footprint-sampler.ts';
import type { HealthMonitor } from '../router/health-monitor.ts';
import type { PlacementJournal } from '../router/placement-journal.ts';
import type { Router } from '../router/router.ts';
import type { ApplyResources } from './apply-resources.ts';
import { CreateContainer } from './create-container.ts';
import type { Directories } from './directories.ts';
import { ExecSync } from './exec-sync.ts';
import type { NodeState } from './node-state.ts';
import { OpenAttach } from './open-attach.ts';
import { OpenExec } from './open-exec.ts';
import { OpenPortForward } from './open-port-forward.ts';
import type { PhaseObserver } from './phases.ts';
import type { NodeImages, RootFilesystems, UserLookup } from './ports.ts';
import type { Plugins } from './plugins.ts';
import { RemoveContainer } from './remove-container.ts';
import { RemoveSandbox } from './remove-sandbox.ts';
import { CheckpointContainer } from './checkpoint-container.ts';
import { ReopenLog } from './reopen-log.ts';
import { RunSandbox } from './run-sandbox.ts';
import { StartContainer } from './start-container.ts';
import type { StepObserver } from './steps.ts';
import { StopContainer } from './stop-container.ts';
import { StopSandbox } from './stop-sandbox.ts';
import type { NamespaceDialler, StreamingUrls } from './streaming.ts';
import type { Teardown } from './teardown.ts';
import { UpdateResources } from './update-resources.ts';

export interface LifecycleDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
  readonly router: Router;
  readonly placements: PlacementJournal;
  readonly footprints: FootprintSampler;
  readonly health: Pick<HealthMonitor, 'capabilitiesOf'>;
  readonly images: NodeImages;
  readonly rootfs: RootFilesystems;
  readonly users: UserLookup;
  readonly directories: Directories;
  readonly teardown: Teardown;
  readonly plugins: Plugins;
  readonly applyResources: ApplyResources;
  readonly streaming: StreamingUrls;
  readonly namespaces: NamespaceDialler;
  readonly phases: PhaseObserver;
  readonly steps: StepObserver;
  readonly logger: Logger;
}

/** Every use case of pods and containers, made once. */
export class Lifecycle {
  readonly runSandbox: RunSandbox;
  readonly stopSandbox: StopSandbox;
  readonly removeSandbox: RemoveSandbox;
  readonly createContainer: CreateContainer;
  readonly startContainer: StartContainer;
  readonly stopContainer: StopContainer;
  readonly removeContainer: RemoveContainer;
  readonly updateResources: UpdateResources;
  readonly reopenLog: ReopenLog;
  readonly checkpointContainer: CheckpointContainer;
  readonly execSync: ExecSync;
  readonly openExec: OpenExec;
  readonly openAttach: OpenAttach;
  readonly openPortForward: OpenPortForward;

  constructor(deps: LifecycleDeps) {
    this.runSandbox = new RunSandbox(deps);
    this.stopContainer = new StopContainer(deps);
    this.stopSandbox = new StopSandbox({ ...deps, stopContainer: this.stopContainer });
    this.removeSandbox = new RemoveSandbox({ ...deps, stopSandbox: this.stopSandbox });
    this.createContainer = new CreateContainer(deps);
    this.startContainer = new StartContainer(deps);
    this.removeContainer = new RemoveContainer(deps);
    this.updateResources = new UpdateResources(deps);
    this.reopenLog = new ReopenLog(deps);
    this.checkpointContainer = new CheckpointContainer(deps);
    this.execSync = new ExecSync(deps);
    this.openExec = new OpenExec(deps);
    this.openAttach = new OpenAttach(deps);
    this.openPortForward = new OpenPortForward(deps);
  }
}
