import { RuntimeError, untilAborted, withDeadline } from '@crihub/kernel';
import { runtimeMessage } from '@crihub/service-sandbox';
import { BASE_ENVIRONMENT } from '@crihub/transport/process';
import type { Executor, MachineProcess, ProcessRef } from '../execution/executor.ts';
import { firstLineOf, headOf } from '../execution/bounded-output.ts';
import {
  conmonArguments,
  conmonPidFile,
  type ConmonSettings,
  type MonitoredContainer,
} from './conmon-arguments.ts';
import { parseSyncReport, type SyncReport } from './sync-report.ts';

/** A container that its runtime has created, and its monitor. */
export interface Launched {
  readonly init: ProcessRef;
  readonly monitor: ProcessRef;
}

export interface ConmonLauncherOptions extends Omit<ConmonSettings, 'runtime'> {
  readonly createTimeoutMs: number;
}

export interface ConmonLauncherDependencies {
  readonly executor: Executor;
  /** Find the programs. @throws Unavailable for one that is not installed. */
  readonly programs: { conmon(): Promise<string>; runtime(): Promise<string> };
}

/**
 * Joins control groups, so that neither conmon nor what it starts counts to the daemon; then becomes
 * conmon. A group that is gone or full does not keep the container from running.
 */
const JOIN_AND_BECOME =
  'for procs in $1; do echo 0 >"$procs"; done 2>/dev/null; shift; exec "$@" 3>&1 >/dev/null </dev/null';

/** Starts conmon, which creates the container and outlives the daemon. */
export class ConmonLauncher {
  readonly #options: ConmonLauncherOptions;
  readonly #executor: Executor;
  readonly #programs: ConmonLauncherDependencies['programs'];

  constructor(options: ConmonLauncherOptions, { executor, programs }: ConmonLauncherDependencies) {
    this.#options = options;
    this.#executor = executor;
    this.#programs = programs;
  }

  /**
   * Creates the container of a bundle. After a rejection conmon may still be at work: who asked
   * must clean up.
   * @param joinFiles no spaces in them.
   * @throws FailedPrecondition with the runtime's sentence, DeadlineExceeded, or the signal's reason.
   */
  async launch(
    container: MonitoredContainer,
    joinFiles: readonly string[],
    signal: AbortSignal,
  ): Promise<Launched> {
    const [conmon, runtime] = await Promise.all([this.#programs.conmon(), this.#programs.runtime()]);
    const args = conmonArguments(container, { ...this.#options, runtime });
    const { createTimeoutMs } = this.#options;
    return await withDeadline('creating the container', createTimeoutMs, signal, async (deadline) => {
      const child = await this.#executor.spawn('/bin/sh', {
        args: ['-c', JOIN_AND_BECOME, 'sh', joinFiles.join(' '), conmon, ...args],
        // conmon writes a second `oom` file where it stands.
        cwd: container.bundle,
        env: { ...BASE_ENVIRONMENT, _OCI_SYNCPIPE: '3' },
      });
      try {
        const report = await untilAborted(reportOf(child), deadline);
        if (!report.created) throw creationFailure(container.id, report.message);
        // conmon's first process writes the pid file of the second, and ends.
        await untilAborted(child.exited, deadline);
        return await this.#identify(container, report.pid);
      } catch (error) {
        child.killGroup();
        throw error;
      } finally {
        child.stdout.destroy();
        child.stderr.destroy();
      }
    });
  }

  async #identify({ id, bundle }: MonitoredContainer, initPid: number): Promise<Launched> {
    const monitorPid = Number(await this.#executor.files.read(conmonPidFile(bundle)));
    const [init, monitor] = await Promise.all([
      this.#executor.processes.identify(initPid),
      this.#executor.processes.identify(monitorPid),
    ]);
    if (init !== undefined && monitor !== undefined) return { init, monitor };
    throw creationFailure(id, `its ${init === undefined ? 'first process' : 'conmon'} ended at once`);
  }
}

async function reportOf(child: MachineProcess): Promise<SyncReport> {
  const complaints = headOf(child.stderr);
  complaints.catch(() => undefined); // cut off when the report was good: nobody asks then
  const line = await firstLineOf(child.stdout);
  if (line !== undefined) return parseSyncReport(line) ?? { created: false, message: line };
  return { created: false, message: `conmon gave no report: ${runtimeMessage(await complaints)}` };
}

const creationFailure = (id: string, message: string): RuntimeError =>
  new RuntimeError('FailedPrecondition', runtimeMessage(message), { operation: 'create container', id });
