import type { Sandbox } from '@crihub/contract';
import {
  type Logger,
  newSandboxId,
  RuntimeError,
  type SandboxId,
  settleAll,
  SingleFlight,
  withDeadline,
} from '@crihub/kernel';
import type { SandboxRequest } from '../front/parse/sandbox.ts';
import { podIps } from '../records/network-state.ts';
import type { Placement } from '../records/placement.ts';
import { type SandboxRecord, sandboxKey } from '../records/sandbox-record.ts';
import type { Handler } from '../router/handler.ts';
import type { PlacementJournal } from '../router/placement-journal.ts';
import type { Router } from '../router/router.ts';
import type { Directories } from './directories.ts';
import type { NodeState } from './node-state.ts';
import { phaseSubject } from './phase-subject.ts';
import { type PhaseObserver, reportPhases, timed } from './phases.ts';
import type { Plugins } from './plugins.ts';
import { writePodFiles } from './pod-files.ts';
import type { StepObserver } from './steps.ts';
import type { Teardown } from './teardown.ts';

export interface RunSandboxDeps {
  readonly node: NodeState;
  readonly router: Pick<Router, 'place'>;
  readonly placements: Pick<PlacementJournal, 'placed'>;
  readonly directories: Directories;
  readonly teardown: Teardown;
  readonly plugins: Plugins;
  readonly phases: PhaseObserver;
  readonly steps: StepObserver;
  readonly logger: Logger;
}

/** RunPodSandbox: one creation per pod and attempt, shared by its retries and not ended by their deadlines. */
export class RunSandbox {
  readonly #deps: RunSandboxDeps;
  readonly #flights = new SingleFlight<string, SandboxRecord>();

  constructor(deps: RunSandboxDeps) {
    this.#deps = deps;
  }

  async run(
    request: SandboxRequest,
    runtimeHandler: string,
    fingerprint: string,
    signal: AbortSignal,
  ): Promise<SandboxId> {
    const key = sandboxKey(request.sandbox.metadata);
    const existing = this.#deps.node.records.sandboxes.withKey(key);
    const owed = existing?.phase === 'removing' ? existing.id : undefined;
    if (existing !== undefined && owed === undefined && !this.#flights.has(key))
      return answerOf(existing, fingerprint);
    const create = async (): Promise<SandboxRecord> => {
      const { handler, placement } = this.#deps.router.place(runtimeHandler, request.sandbox);
      if (owed !== undefined) await this.#finishRemoval(owed);
      return await this.#admit(handler, request, { runtimeHandler, fingerprint, placement });
    };
    return answerOf(await this.#flights.run(key, create, signal), fingerprint);
  }

  /**
   * The removal of an earlier pod of this name is owed: it is done first, not when its time comes, since the
   * kubelet cannot see that pod and asks for no other. @throws what the removal fails with.
   */
  async #finishRemoval(id: SandboxId): Promise<void> {
    const { node, teardown } = this.#deps;
    using _held = await node.locks.acquire(id);
    const record = node.records.sandboxes.get(id);
    if (record !== undefined) await teardown.sandbox(record);
  }

  async #admit(handler: Handler, request: SandboxRequest, origin: Origin): Promise<SandboxRecord> {
    const { phases } = this.#deps;
    return await withDeadline(
      'creating the pod sandbox',
      handler.timeouts.createSandboxMs,
      undefined,
      async (signal) => {
        const intent = this.#intent(handler, request, origin);
        this.#deps.placements.placed(intent);
        const subject = phaseSubject(intent);
        using _place = await timed(phases, subject, 'queue', () => handler.admission.acquire(signal));
        return await timed(phases, subject, 'sandbox_create', () =>
          this.#create(handler, request, intent, signal),
        );
      },
    );
  }

  async #create(
    handler: Handler,
    request: SandboxRequest,
    intent: SandboxRecord,
    signal: AbortSignal,
  ): Promise<SandboxRecord> {
    const { node, teardown, plugins, steps, logger } = this.#deps;
    using _held = await node.locks.acquire(intent.id);
    node.records.sandboxes.put(intent);
    await steps.reached('runSandbox.intent');
    let ready: SandboxRecord;
    try {
      const attached = await this.#connect(handler, intent, signal);
      ready = await this.#start(handler, attached, request, signal);
      await plugins.runPod(ready);
      node.records.sandboxes.put(ready);
      plugins.podListed(ready);
      await steps.reached('runSandbox.ready');
    } catch (cause) {
      await plugins.podGivenUp(intent);
      const latest = node.records.sandboxes.get(intent.id) ?? intent;
      await teardown.afterFailure(`pod sandbox ${intent.id}`, () => teardown.sandbox(latest));
      throw cause;
    }
    logger.info('pod sandbox is ready', {
      sandbox: intent.id,
      handler: handler.name,
      ...intent.sandbox.metadata,
    });
    node.publish('created', intent.id, intent.id);
    node.publish('started', intent.id, intent.id);
    return ready;
  }

  #intent(handler: Handler, request: SandboxRequest, origin: Origin): SandboxRecord {
    const id = newSandboxId();
    const sandbox: Sandbox = {
      ...request.sandbox,
      id,
      directory: this.#deps.directories.sandbox(id),
      overhead: { ...handler.defaults.overhead, ...request.sandbox.overhead },
    };
    return {
      id,
      phase: 'creating',
      ...origin,
      handler: handler.name,
      sandbox,
      logDirectory: request.logDirectory,
      hostPorts: request.hostPorts,
      createdAt: this.#deps.node.clock.nowNs(),
      network: { state: sandbox.namespaces.network === 'node' ? 'host' : 'none' },
    };
  }

  /** Prepares the backend and attaches the pod's network. DEL is owed before ADD begins. */
  async #connect(handler: Handler, intent: SandboxRecord, signal: AbortSignal): Promise<SandboxRecord> {
    const { node, phases, steps } = this.#deps;
    const { sandbox, hostPorts } = intent;
    const { networkNamespace, ...prepared } = await timed(phases, phaseSubject(intent), 'prepare', () =>
      handler.backend.sandboxes.prepare(sandbox, signal),
    );
    await steps.reached('runSandbox.prepared');
    if (intent.network.state === 'host') return { ...intent, ...prepared };
    if (networkNamespace === undefined) {
      throw new RuntimeError(
        'Internal',
        `backend ${handler.backend.kind} made no network namespace for the pod`,
      );
    }
    const owed = {
      ...intent,
      ...prepared,
      network: { state: 'owed', namespacePath: networkNamespace },
    } as const;
    node.records.sandboxes.put(owed);
    await steps.reached('runSandbox.networkOwed');
    const network = await timed(phases, phaseSubject(intent), 'network', () =>
      handler.network.attach(sandbox, networkNamespace, hostPorts, signal),
    );
    const attached = {
      ...owed,
      network: { state: 'attached', namespacePath: networkNamespace, ...network },
    } as const;
    node.records.sandboxes.put(attached);
    await steps.reached('runSandbox.attached');
    return attached;
  }

  async #start(
    handler: Handler,
    record: SandboxRecord,
    request: SandboxRequest,
    signal: AbortSignal,
  ): Promise<SandboxRecord> {
    const attachment = record.network.state === 'attached' ? record.network.attachment : undefined;
    const { phases, steps } = this.#deps;
    const subject = phaseSubject(record);
    const [{ phases: parts, ...started }] = await settleAll([
      timed(phases, subject, 'sandbox_start', () =>
        handler.backend.sandboxes.start(record.sandbox, attachment, signal),
      ),
      writePodFiles(record.sandbox, request.dns, podIps(record.network)),
    ]);
    reportPhases(phases, subject, parts);
    await steps.reached('runSandbox.started');
    return { ...record, ...started, phase: 'ready' };
  }
}

interface Origin {
  readonly runtimeHandler: string;
  readonly fingerprint: string;
  readonly placement: Placement;
}

/** What a request gets whose pod exists already: the pod, if this is a retry of the request that made it. */
function answerOf(existing: SandboxRecord, fingerprint: string): SandboxId {
  if (existing.phase === 'ready' && existing.fingerprint === fingerprint) return existing.id;
  const { namespace, name, attempt } = existing.sandbox.metadata;
  const why =
    existing.phase === 'ready'
      ? 'with another configuration'
      : 'and is stopped: remove it first, or raise the attempt';
  throw new RuntimeError(
    'AlreadyExists',
    `pod ${namespace}/${name}, attempt ${String(attempt)}, exists as ${existing.id} ${why}`,
    { id: existing.id },
  );
}
