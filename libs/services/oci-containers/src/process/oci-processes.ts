import type { AttachSpec, ExecSpec, ProcessOperations, ProcessSession } from '@crihub/contract';
import { type ContainerId, errnoCode } from '@crihub/kernel';
import { notFound, wrongState } from '@crihub/service-sandbox';
import { BASE_ENVIRONMENT } from '@crihub/transport/process';
import { attachStreams } from '../conmon/attach-streams.ts';
import { attachSocket } from '../conmon/conmon-arguments.ts';
import type { ContainerStates } from '../container/container-state.ts';
import type { Executor } from '../execution/executor.ts';
import { UNKNOWN_EXIT_CODE } from '../exits/exit-files.ts';
import type { ContainerLayout } from '../layout.ts';
import type { ContainerRecord, CreatedRecord } from '../records/container-record.ts';
import type { JsonRecords } from '../records/json-records.ts';
import type { OciRuntime } from '../runtime/oci-runtime.ts';
import { AttachSession } from './attach-session.ts';
import type { ExecFiles, ExecProcesses } from './exec-processes.ts';
import { ExecSession } from './exec-session.ts';
import { markedCommand, ProcessMarks } from './process-mark.ts';
import type { TerminalExec } from './terminal-exec.ts';
import { TerminalSession } from './terminal-session.ts';

export interface OciProcessesDependencies {
  readonly layout: Pick<ContainerLayout, 'bundle'>;
  readonly records: Pick<JsonRecords<ContainerId, ContainerRecord>, 'get'>;
  readonly states: ContainerStates;
  readonly executor: Executor;
  readonly runtime: OciRuntime;
  readonly execProcesses: ExecProcesses;
  readonly terminalExec: Pick<TerminalExec, 'start'>;
}

/**
 * Further processes by the OCI runtime itself, whose pipes are the process's; those with a terminal, and
 * the first process, by conmon's attach socket.
 */
export class OciProcesses implements ProcessOperations {
  readonly #dependencies: OciProcessesDependencies;
  readonly #marks = new ProcessMarks();

  constructor(dependencies: OciProcessesDependencies) {
    this.#dependencies = dependencies;
  }

  async exec(id: ContainerId, exec: ExecSpec, signal: AbortSignal): Promise<ProcessSession> {
    signal.throwIfAborted();
    const { executor, execProcesses } = this.#dependencies;
    const { cgroup } = await this.#running('exec in', id);
    const files = await execProcesses.write(id, exec);
    try {
      if (exec.terminal) return await this.#onTerminal(id, cgroup, files, exec, signal);
      return await this.#onPipes(id, cgroup, files, exec);
    } catch (error) {
      await executor.files.remove(files.directory);
      throw error;
    }
  }

  async attach(id: ContainerId, attach: AttachSpec, signal: AbortSignal): Promise<ProcessSession> {
    signal.throwIfAborted();
    const { layout, executor } = this.#dependencies;
    const { container } = await this.#running('attach to', id);
    const { terminal, stdin } = container.process;
    const bundle = layout.bundle(id);
    try {
      const socket = await executor.connectSeqpacket(attachSocket(bundle));
      const streams = attachStreams(socket, { terminal, stdin: stdin && attach.stdin });
      const input = { streams, bundle, exitCode: () => this.#exitCode(id) };
      return new AttachSession(input, { files: executor.files });
    } catch (error) {
      if (!['ENOENT', 'ECONNREFUSED'].includes(errnoCode(error) ?? '')) throw error;
      throw wrongState('attach to', 'container', id, 'without its conmon', 'under conmon');
    }
  }

  async #onPipes(
    id: ContainerId,
    cgroup: string,
    { directory, processFile, pidFile }: ExecFiles,
    { stdin }: ExecSpec,
  ): Promise<ProcessSession> {
    const { executor, runtime } = this.#dependencies;
    const mark = this.#marks.next();
    const command = await runtime.execCommand(id, { processFile, pidFile });
    // All that the process starts is younger than this.
    const since = await executor.processes.now();
    const child = await executor.spawn('/bin/sh', {
      args: markedCommand(mark, command),
      env: BASE_ENVIRONMENT,
      stdin,
    });
    return new ExecSession({ child, cgroup, mark, since, pidFile, directory }, { executor });
  }

  async #onTerminal(
    id: ContainerId,
    cgroup: string,
    { directory, processFile }: ExecFiles,
    { stdin }: ExecSpec,
    signal: AbortSignal,
  ): Promise<ProcessSession> {
    const { executor, terminalExec } = this.#dependencies;
    const mark = this.#marks.next();
    const since = await executor.processes.now();
    const terminal = await terminalExec.start({ id, directory, processFile, stdin }, mark, signal);
    return new TerminalSession({ terminal, cgroup, mark, since, directory }, { executor });
  }

  async #exitCode(id: ContainerId): Promise<number | undefined> {
    const { records, states } = this.#dependencies;
    const record = records.get(id);
    if (record === undefined) return UNKNOWN_EXIT_CODE;
    const state = await states.of(id, record);
    return state.name === 'exited' ? (state.exit?.exitCode ?? UNKNOWN_EXIT_CODE) : undefined;
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
