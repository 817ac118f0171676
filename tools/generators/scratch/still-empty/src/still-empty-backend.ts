import type {
  Backend,
  BackendEvent,
  BackendHealth,
  BackendPlacement,
  BackendServices,
  Capabilities,
  ContainerOperations,
  Inventory,
  ProcessOperations,
  SandboxOperations,
} from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import { EventStream } from '@crihub/service-sandbox';
import type { StillEmptyOptions } from './options.ts';

/** What it can do on this host. The hub refuses what is false before anything exists. */
const CAPABILITIES: Capabilities = {
  userNamespaces: false,
  userNamespacesWithHostNetwork: false,
  recursiveReadonlyMounts: false,
  idmappedMounts: false,
  mountOptions: false,
  bidirectionalMounts: false,
  hostNetwork: false,
  hostPid: false,
  hostIpc: false,
  sharedPid: false,
  privileged: false,
  devices: false,
  updateSandboxResources: false,
};

const unfinished = async (): Promise<never> => {
  throw new RuntimeError('Unimplemented', 'the still-empty backend does not do this yet');
};

/** Say here what isolates its pods. The comments of `Backend` are the contract. */
export class StillEmptyBackend implements Backend {
  readonly kind = 'still-empty';
  readonly rootfs = 'hub';
  readonly isolation = 'namespaces';
  readonly sandboxes: SandboxOperations = {
    prepare: unfinished,
    start: unfinished,
    stop: unfinished,
    remove: unfinished,
    update: unfinished,
  };
  readonly containers: ContainerOperations = {
    create: unfinished,
    start: unfinished,
    signal: unfinished,
    remove: unfinished,
    update: unfinished,
    reopenLog: unfinished,
  };
  readonly processes: ProcessOperations = { exec: unfinished, attach: unfinished };
  readonly #events = new EventStream();

  constructor(_options: StillEmptyOptions, _placement: BackendPlacement, _services: BackendServices) {}

  async start(): Promise<void> {
    return undefined;
  }

  async close(): Promise<void> {
    this.#events.close();
  }

  async health(): Promise<BackendHealth> {
    return { healthy: true, version: '0.1.0', capabilities: CAPABILITIES };
  }

  async inventory(): Promise<Inventory> {
    return { sandboxes: [], containers: [] };
  }

  events(signal: AbortSignal): AsyncIterable<BackendEvent> {
    return this.#events.listen(signal);
  }
}
