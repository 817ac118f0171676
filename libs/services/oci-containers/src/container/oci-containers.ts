import type {
  Container,
  ContainerOperations,
  CreatedContainer,
  Resources,
  Sandbox,
  StartedContainer,
} from '@crihub/contract';
import { type Clock, type ContainerId, kindOf, RuntimeError } from '@crihub/kernel';
import { parseSignal } from '@crihub/service-oci';
import { isUnrunnableProgram, notFound, wrongState } from '@crihub/service-sandbox';
import { removeRemains, type RemainsDependencies } from '../bundle/remains.ts';
import type { Files } from '../execution/executor.ts';
import type { ExecProcesses } from '../process/exec-processes.ts';
import type { ContainerRecord, CreatedRecord } from '../records/container-record.ts';
import type { JsonRecords } from '../records/json-records.ts';
import { type ContainerCreation, pidNamespaceOwner, type Preparation } from './container-creation.ts';
import { changeLimits } from './container-limits.ts';
import { reopenLog } from './container-log.ts';
import type { ContainerState, ContainerStates } from './container-state.ts';

/** A pod that can hold containers now. */
export interface RunningPod {
  /** The process whose PID namespace its containers may share. */
  readonly init?: number;
  /** Files into which the monitors of its containers write `0` to join a control group. */
  readonly joinFiles: readonly string[];
}

/** The pods of the machine. */
export interface Pods {
  /** @throws NotFound, or FailedPrecondition if it does not run. */
  running(sandbox: Sandbox): RunningPod;
  /** A container's cgroup as its specification names it, and its path below the root. */
  cgroupOf(id: ContainerId, sandbox: Sandbox): { readonly specPath: string; readonly path: string };
}

export interface OciContainersOptions {
  /** Of the boot of the machine that runs now. */
  readonly bootId: string;
  readonly systemdCgroup: boolean;
}

export interface OciContainersDependencies extends RemainsDependencies {
  readonly records: JsonRecords<ContainerId, ContainerRecord>;
  readonly pods: Pods;
  readonly states: ContainerStates;
  readonly creation: ContainerCreation;
  readonly preparation: Pick<Preparation, 'undo'>;
  readonly execProcesses: Pick<ExecProcesses, 'forget'>;
  /** The files of this host, where the kubelet reads the logs. */
  readonly hostFiles: Pick<Files, 'status'>;
  readonly clock: Clock;
}

/** Containers under conmon. A record says what is being done before it is done. */
export class OciContainers implements ContainerOperations {
  readonly #options: OciContainersOptions;
  readonly #dependencies: OciContainersDependencies;

  constructor(options: OciContainersOptions, dependencies: OciContainersDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async create(container: Container, sandbox: Sandbox, signal: AbortSignal): Promise<CreatedContainer> {
    signal.throwIfAborted();
    const { records, pods } = this.#dependencies;
    const { init, joinFiles } = pods.running(sandbox);
    const known = records.get(container.id);
    if (known !== undefined && known.step !== 'creating') return { cgroup: known.cgroup };
    if (known !== undefined) await this.#removeRemains(known, signal);
    const { specPath: cgroupsPath, path } = pods.cgroupOf(container.id, sandbox);
    const base = { container, bootId: this.#options.bootId, cgroup: path };
    const pidOwner = pidNamespaceOwner(container, {
      podInit: init,
      initOf: (target) => initOf(records.get(target)),
    });
    await records.write(container.id, { ...base, step: 'creating' });
    const made = await this.#launch({ container, sandbox, cgroupsPath, pidOwner, joinFiles }, signal);
    await records.write(container.id, { ...base, ...made });
    return { cgroup: path };
  }

  async start(id: ContainerId, signal: AbortSignal): Promise<StartedContainer> {
    signal.throwIfAborted();
    const { runtime, clock } = this.#dependencies;
    const record = this.#find('start', id);
    if (record.step === 'unrunnable') throw cannotRun(id, record.message);
    const state = await this.#dependencies.states.of(id, record);
    if (state.name === 'running') return await this.#started(state.record);
    if (state.name !== 'created') throw wrongState('start', 'container', id, state.name, 'created');
    try {
      await runtime.start(id, signal);
    } catch (error) {
      if (kindOf(error) === 'FailedPrecondition') await this.#noteIfEnded(id, state.record, error as Error);
      throw error;
    }
    return await this.#started(state.record, clock.nowNs());
  }

  async signal(id: ContainerId, name: string, scope: 'init' | 'all', signal: AbortSignal): Promise<void> {
    const number = parseSignal(name);
    signal.throwIfAborted();
    const { records, executor } = this.#dependencies;
    const record = records.get(id);
    if (record?.step !== 'created' || record.bootId !== this.#options.bootId) return;
    if (scope === 'all') await executor.cgroups.kill(record.cgroup, signal);
    else await executor.processes.signal(record.init, number);
  }

  async remove(id: ContainerId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { records } = this.#dependencies;
    const record = records.get(id);
    if (record === undefined) return;
    await this.#removeRemains(record, signal);
    this.#dependencies.execProcesses.forget(id);
    await records.remove(id);
  }

  async update(id: ContainerId, resources: Resources, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { records, executor } = this.#dependencies;
    const record = await this.#live('update', id);
    const from = { ...record.container.resources, ...record.limits };
    await changeLimits(executor.cgroups, record.cgroup, { from, to: resources });
    await records.write(id, { ...record, limits: { ...from, ...resources } });
  }

  async reopenLog(id: ContainerId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { layout, executor, hostFiles } = this.#dependencies;
    const { container } = await this.#live('reopen the log of', id);
    const input = { id, bundle: layout.bundle(id), logPath: container.logPath };
    await reopenLog(input, { files: executor.files, hostFiles }, signal);
  }

  #find(operation: string, id: ContainerId): ContainerRecord {
    const record = this.#dependencies.records.get(id);
    if (record === undefined) throw notFound(operation, 'container', id);
    return record;
  }

  /** The record of a container that is created or running. */
  async #live(operation: string, id: ContainerId): Promise<CreatedRecord> {
    const state = await this.#dependencies.states.of(id, this.#find(operation, id));
    if (state.name === 'created' || state.name === 'running') return state.record;
    throw wrongState(operation, 'container', id, state.name, 'created or running');
  }

  /** What is to be recorded of a creation that succeeded, or failed for the program's sake alone. */
  async #launch(
    input: Parameters<ContainerCreation['create']>[0],
    signal: AbortSignal,
  ): Promise<CreatedOutcome> {
    const { creation, clock } = this.#dependencies;
    try {
      return { step: 'created', ...(await creation.create(input, signal)) };
    } catch (error) {
      if (!(error instanceof RuntimeError) || !isUnrunnableProgram(error.message)) throw error;
      return { step: 'unrunnable', message: error.message, failedAt: String(clock.nowNs()) };
    }
  }

  async #started(record: CreatedRecord, now?: bigint): Promise<StartedContainer> {
    const { records, clock } = this.#dependencies;
    const startedAt = record.startedAt ?? String(now ?? clock.nowNs());
    if (record.startedAt === undefined) await records.write(record.container.id, { ...record, startedAt });
    return { pid: record.init.pid, startedAt: BigInt(startedAt) };
  }

  async #noteIfEnded(id: ContainerId, record: CreatedRecord, { message }: Error): Promise<void> {
    const { states, records, clock } = this.#dependencies;
    const state: ContainerState = await states.of(id, record);
    if (state.name !== 'exited') return;
    const { container, bootId, cgroup } = record;
    const failedAt = String(clock.nowNs());
    await records.write(id, { container, bootId, cgroup, step: 'unrunnable', message, failedAt });
  }

  async #removeRemains(record: ContainerRecord, signal: AbortSignal): Promise<void> {
    const { container, cgroup } = record;
    const monitor =
      record.step === 'created' && record.bootId === this.#options.bootId ? record.monitor : undefined;
    const byRuntime = this.#options.systemdCgroup || container.cdiDevices.length > 0;
    await removeRemains({ id: container.id, cgroup, monitor, byRuntime }, this.#dependencies, signal);
    await this.#dependencies.preparation.undo(container, signal);
  }
}

type Outcome<Step extends ContainerRecord['step']> = Omit<
  Extract<ContainerRecord, { step: Step }>,
  'container' | 'bootId' | 'cgroup'
>;
type CreatedOutcome = Outcome<'created'> | Outcome<'unrunnable'>;

const initOf = (record: ContainerRecord | undefined): number | undefined =>
  record?.step === 'created' ? record.init.pid : undefined;

const cannotRun = (id: ContainerId, message: string): RuntimeError =>
  new RuntimeError('FailedPrecondition', message, { operation: 'start container', id });
