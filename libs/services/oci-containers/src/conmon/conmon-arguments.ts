import { join } from 'node:path';

/** What conmon has to know to run and watch one container. */
export interface MonitoredContainer {
  readonly id: string;
  readonly bundle: string;
  /** Where conmon notes that the kernel killed a process for lack of memory. */
  readonly persistentDirectory: string;
  /** Absolute path of the CRI log; empty: the output is discarded. */
  readonly logPath: string;
  readonly terminal: boolean;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
}

export interface ConmonSettings {
  /** Absolute path of the OCI runtime. */
  readonly runtime: string;
  readonly runtimeRoot: string;
  readonly exitDirectory: string;
  readonly systemdCgroup: boolean;
}

export const conmonPidFile = (bundle: string): string => join(bundle, 'conmon.pid');
export const initPidFile = (bundle: string): string => join(bundle, 'init.pid');
/** conmon makes it when the kernel killed a process of the container for lack of memory. */
export const oomFile = (persistentDirectory: string): string => join(persistentDirectory, 'oom');
export const controlFifo = (bundle: string): string => join(bundle, 'ctl');
export const attachSocket = (bundle: string): string => join(bundle, 'attach');

/** The command line that creates a container and then stays with it (conmon(8)). */
export function conmonArguments(container: MonitoredContainer, settings: ConmonSettings): readonly string[] {
  const { id, bundle, persistentDirectory, logPath, terminal, stdin, stdinOnce } = container;
  return [
    ...['--cid', id, '--cuuid', id, '--name', id],
    ...['--runtime', settings.runtime, '--runtime-arg', `--root=${settings.runtimeRoot}`],
    ...['--bundle', bundle, '--persist-dir', persistentDirectory, '--full-attach'],
    ...['--exit-dir', settings.exitDirectory],
    ...['--conmon-pidfile', conmonPidFile(bundle), '--container-pidfile', initPidFile(bundle)],
    ...['--log-path', logPath === '' ? 'none' : `k8s-file:${logPath}`],
    // The log is the kubelet's: losing its last lines with the power is better than a late exit.
    ...['--log-level', 'error', '--no-sync-log'],
    ...(settings.systemdCgroup ? ['--systemd-cgroup'] : []),
    ...(terminal ? ['--terminal'] : []),
    ...(stdin ? ['--stdin'] : []),
    ...(stdin && !stdinOnce ? ['--leave-stdin-open'] : []),
  ];
}

export interface MonitoredExec {
  /** Of the container. */
  readonly id: string;
  /** A directory for the sockets of this exec alone. */
  readonly directory: string;
  readonly processFile: string;
  readonly stdin: boolean;
}

/**
 * The command line that runs a further process with a terminal. Once told to start, conmon says on the
 * attach pipe when its socket is there, and waits to be told again; so no output is missed.
 */
export function conmonExecArguments(
  { id, directory, processFile, stdin }: MonitoredExec,
  { runtime, runtimeRoot }: Pick<ConmonSettings, 'runtime' | 'runtimeRoot'>,
): readonly string[] {
  return [
    ...['--api-version', '1', '--sync', '--exec', '--exec-attach', '--exec-process-spec', processFile],
    ...['--cid', id, '--cuuid', id, '--name', id],
    ...['--runtime', runtime, '--runtime-arg', `--root=${runtimeRoot}`],
    ...['--bundle', directory, '--full-attach', '--container-pidfile', initPidFile(directory)],
    ...['--log-path', 'none', '--log-level', 'error', '--terminal'],
    ...(stdin ? ['--stdin'] : []),
  ];
}
