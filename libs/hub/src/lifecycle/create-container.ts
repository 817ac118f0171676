import { type ContainerId, type Logger, RuntimeError, SingleFlight, withDeadline } from '@crihub/kernel';
import type { ContainerRequest } from '../front/parse/container.ts';
import { containerKey, type ContainerRecord } from '../records/container-record.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { checkContainerCapabilities } from '../router/check-capabilities.ts';
import type { Handler } from '../router/handler.ts';
import type { Handlers } from '../router/handlers.ts';
import type { HealthMonitor } from '../router/health-monitor.ts';
import { adjustContainer } from './adjust-container.ts';
import { makeContainerFiles } from './container-files.ts';
import { containerIntent } from './container-intent.ts';
import type { Directories } from './directories.ts';
import type { NodeState } from './node-state.ts';
import { phaseSubject } from './phase-subject.ts';
import { type PhaseObserver, reportPhases, timed } from './phases.ts';
import type { Plugins } from './plugins.ts';
import type { NodeImage, NodeImages, RootFilesystems, UserLookup } from './ports.ts';
import type { StepObserver } from './steps.ts';
import type { Teardown } from './teardown.ts';

export interface CreateContainerDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
  readonly health: Pick<HealthMonitor, 'capabilitiesOf'>;
  readonly images: NodeImages;
  readonly plugins: Plugins;
  readonly rootfs: RootFilesystems;
  readonly users: UserLookup;
  readonly directories: Directories;
  readonly teardown: Teardown;
  readonly phases: PhaseObserver;
  readonly steps: StepObserver;
  readonly logger: Logger;
}

/** CreateContainer: one creation per container and attempt, shared by its retries. */
export class CreateContainer {
  readonly #deps: CreateContainerDeps;
  readonly #flights = new SingleFlight<string, ContainerRecord>();

  constructor(deps: CreateContainerDeps) {
    this.#deps = deps;
  }

  async create(
    sandboxIdOrPrefix: string,
    request: ContainerRequest,
    fingerprint: string,
    signal: AbortSignal,
  ): Promise<ContainerId> {
    const { node, handlers, health } = this.#deps;
    const pod = node.records.visibleSandbox(sandboxIdOrPrefix);
    assertReady(pod);
    const handler = handlers.of(pod);
    checkContainerCapabilities(handler.name, health.capabilitiesOf(handler.name), request);
    const key = containerKey(pod.id, request.metadata);
    const existing = node.records.containers.withKey(key);
    const owed = existing?.phase === 'removing' ? existing.id : undefined;
    if (existing !== undefined && owed === undefined && !this.#flights.has(key))
      return answerOf(existing, fingerprint);
    const create = async (): Promise<ContainerRecord> => {
      if (owed !== undefined) await this.#finishRemoval(owed);
      return await withDeadline(
        'creating the container',
        handler.timeouts.createContainerMs,
        undefined,
        (deadline) => this.#create(handler, pod, request, fingerprint, deadline),
      );
    };
    return answerOf(await this.#flights.run(key, create, signal), fingerprint);
  }

  /** As for pods: the kubelet can't see what is owed, so nobody else asks for it. @throws what it fails with. */
  async #finishRemoval(id: ContainerId): Promise<void> {
    const { node, teardown } = this.#deps;
    using _held = await node.locks.acquire(id);
    const record = node.records.containers.get(id);
    if (record !== undefined) await teardown.container(record);
  }

  async #create(
    handler: Handler,
    pod: SandboxRecord,
    request: ContainerRequest,
    fingerprint: string,
    signal: AbortSignal,
  ): Promise<ContainerRecord> {
    const { node, directories, teardown, plugins, phases, steps, logger } = this.#deps;
    const image = this.#imageOf(request.image);
    const createdAt = node.clock.nowNs();
    const intent = containerIntent({ handler, pod, request, image, fingerprint, directories, createdAt });
    const { id } = intent;
    const subject = phaseSubject(pod, id);
    using _held = await node.locks.acquire(id);
    node.records.putContainer(intent);
    await steps.reached('createContainer.intent');
    let record: ContainerRecord;
    try {
      const files = { ...this.#deps, imageOf: (reference: string) => this.#imageOf(reference) };
      const built = await makeContainerFiles(files, pod, intent.container, request, image, signal);
      await steps.reached('createContainer.rootfs');
      const container = await adjustContainer(this.#deps, handler.name, pod, { ...intent, container: built });
      const { phases: parts, ...created } = await timed(phases, subject, 'container_create', () =>
        handler.backend.containers.create(container, pod.sandbox, signal),
      );
      reportPhases(phases, subject, parts);
      await steps.reached('createContainer.created');
      assertReady(node.records.visibleSandbox(pod.id));
      record = node.records.putContainer({
        ...intent,
        ...created,
        container,
        annotations: request.annotations,
        resources: container.resources,
        phase: 'created',
      });
      await steps.reached('createContainer.recorded');
    } catch (cause) {
      await plugins.containerGivenUp(intent);
      await teardown.afterFailure(`container ${id}`, () => teardown.container(intent));
      throw cause;
    }
    logger.info('container created', {
      container: id,
      sandbox: pod.id,
      handler: handler.name,
      name: request.metadata.name,
    });
    node.publish('created', id, pod.id);
    await plugins.containerCreated(record);
    return record;
  }

  #imageOf(reference: string): NodeImage {
    const image = this.#deps.images.find(reference);
    if (image !== undefined) return image;
    throw new RuntimeError('NotFound', `image ${reference} is not on this node: pull it first`);
  }
}

function assertReady({ id, phase }: SandboxRecord): void {
  if (phase === 'ready') return;
  throw new RuntimeError(
    'FailedPrecondition',
    `pod sandbox ${id} is not ready: no container can be made in it`,
    { id },
  );
}

/** What a request gets whose container exists already: the container, if this is a retry of its creation. */
function answerOf(existing: ContainerRecord, fingerprint: string): ContainerId {
  if (existing.phase === 'created' && existing.fingerprint === fingerprint) return existing.id;
  const { name, attempt } = existing.container.metadata;
  throw new RuntimeError(
    'AlreadyExists',
    `container ${name}, attempt ${String(attempt)}, exists in this pod as ${existing.id} and is ${existing.phase}`,
    { id: existing.id },
  );
}
