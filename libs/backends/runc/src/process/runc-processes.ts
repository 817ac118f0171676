import type { AttachSpec, ExecSpec, ProcessOperations, ProcessSession } from '@crihub/contract';
import { type ContainerId, RuntimeError } from '@crihub/kernel';
import { BASE_ENVIRONMENT } from '@crihub/transport/process';
import type { ContainerStates } from '../container/container-state.ts';
import type { Executor } from '../execution/executor.ts';
import { notFound, wrongState } from '../failures.ts';
import type { ContainerRecord, CreatedRecord } from '../records/container-record.ts';
import type { JsonRecords } from '../records/json-records.ts';
import type { OciRuntime } from '../runtime/oci-runtime.ts';
import type { ExecProcesses } from './exec-processes.ts';
import { ExecSession } from './exec-session.ts';
import { markedCommand, ProcessMarks } from './process-mark.ts';

export interface RuncProcessesDependencies {
  readonly records: Pick<JsonRecords<ContainerId, ContainerRecord>, 'get'>;
  readonly states: ContainerStates;
  readonly executor: Executor;
  readonly runtime: OciRuntime;
  readonly execProcesses: ExecProcesses;
}

/** Further processes by the OCI runtime itself, whose pipes are the process's. */
export class RuncProcesses implements ProcessOperations {
  readonly #dependencies: RuncProcessesDependencies;
  readonly #marks = new ProcessMarks();

  constructor(dependencies: RuncProcessesDependencies) {
    this.#dependencies = dependencies;
  }

  async exec(id: ContainerId, exec: ExecSpec, signal: AbortSignal): Promise<ProcessSession> {
    signal.throwIfAborted();
    const { executor, runtime, execProcesses } = this.#dependencies;
    const { cgroup } = await this.#running('exec in', id);
    if (exec.terminal) throw noTerminals('exec', id);
    const { processFile, pidFile } = await execProcesses.write(id, exec);
    const mark = this.#marks.next();
    const command = await runtime.execCommand(id, { processFile, pidFile });
    const child = await executor.spawn('/bin/sh', {
      args: markedCommand(mark, command),
      env: BASE_ENVIRONMENT,
      stdin: exec.stdin,
    });
    const since = (await executor.processes.identify(child.pid))?.startTime ?? 0;
    const input = { child, cgroup, mark, since, pidFile, files: [processFile] };
    return new ExecSession(input, { executor });
  }

  async attach(id: ContainerId, _attach: AttachSpec, signal: AbortSignal): Promise<ProcessSession> {
    signal.throwIfAborted();
    await this.#running('attach to', id);
    throw noTerminals('attach', id);
  }

  async #running(operation: string, id: ContainerId): Promise<CreatedRecord> {
    const { records, states } = this.#dependencies;
    const record = records.get(id);
    if (record === undefined) throw notFound(operation, 'container', id);
    const state = await states.of(id, record);
    if (state.name === 'running') return state.record;
    throw wrongState(operation, 'container', id, state.name, 'running');
  }
}

const noTerminals = (operation: string, id: ContainerId): RuntimeError =>
  new RuntimeError('Unimplemented', `${operation} needs conmon's attach socket, which is not supported yet`, {
    operation,
    id,
  });
