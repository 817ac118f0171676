import type { Sandbox } from '@crihub/contract';
import type { ContainerId, SandboxId } from '@crihub/kernel';
import type {
  Executor,
  JsonRecords,
  Monitored,
  PauseProcesses,
  Pods,
  RunningPod,
} from '@crihub/service-oci-containers';
import { type CgroupDriver, containerCgroup, notFound, wrongState } from '@crihub/service-sandbox';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { monitorCgroup } from './monitor-cgroup.ts';

export interface RuncPodsOptions {
  readonly bootId: string;
  readonly cgroupDriver: CgroupDriver;
}

export interface RuncPodsDependencies {
  readonly records: Pick<JsonRecords<SandboxId, SandboxRecord>, 'get' | 'entries'>;
  readonly cgroups: Pick<Executor['cgroups'], 'joinFiles'>;
}

/** The pods by their records, as their containers need to know them. */
export class RuncPods implements Pods, PauseProcesses {
  readonly #options: RuncPodsOptions;
  readonly #dependencies: RuncPodsDependencies;

  constructor(options: RuncPodsOptions, dependencies: RuncPodsDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  running(sandbox: Sandbox): RunningPod {
    const { id } = sandbox;
    const record = this.#dependencies.records.get(id);
    if (record === undefined) throw notFound('create a container in', 'sandbox', id);
    if (record.step === 'running' && record.bootId === this.#options.bootId) {
      const joinFiles = this.joinFiles(sandbox);
      return { joinFiles, ...(record.pause === undefined ? {} : { init: record.pause.init.pid }) };
    }
    const state = record.step === 'running' ? 'stopped' : record.step;
    throw wrongState('create a container in', 'sandbox', id, state, 'running');
  }

  cgroupOf(id: ContainerId, sandbox: Sandbox): ReturnType<Pods['cgroupOf']> {
    return containerCgroup(id, sandbox, this.#options.cgroupDriver);
  }

  /** Files into which a monitor of the pod writes `0` to join its group. */
  joinFiles(sandbox: Sandbox): readonly string[] {
    const group = monitorCgroup(sandbox, this.#options.cgroupDriver);
    return group === undefined ? [] : this.#dependencies.cgroups.joinFiles(group);
  }

  has(id: SandboxId): boolean {
    return this.#dependencies.records.get(id)?.step === 'running';
  }

  monitored(): readonly Monitored[] {
    return this.#dependencies.records
      .entries()
      .flatMap(([id, record]) =>
        record.step === 'running' && record.pause !== undefined && record.bootId === this.#options.bootId
          ? [{ id, ...record.pause }]
          : [],
      );
  }
}
