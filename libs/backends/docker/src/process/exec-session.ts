import type { Readable, Writable } from 'node:stream';
import type { ProcessExit, ProcessSession, TerminalSize } from '@crihub/contract';
import { kindOf, sleep, withDeadline } from '@crihub/kernel';
import { type Cgroups, killProcessTree, processRef, signalProcess } from '@crihub/linux';
import type { HijackedStreams } from '@crihub/transport/docker-engine';
import { stateOf } from '../container/container-state.ts';
import type { EngineLink } from '../engine-link.ts';
import type { ExecExits } from './exec-exits.ts';
import { markedProcesses } from './exec-mark.ts';

/**
 * How long the engine's event may take after the end of the streams, which it follows within a millisecond or
 * two. Asking as well would slow both down: the engine tells no exit code before that moment.
 */
const EVENT_GRACE_MS = 20;
const FIRST_POLL_MS = 2;
const LAST_POLL_MS = 250;
const KILL_TIMEOUT_MS = 10_000;
/** Nobody can say any more how it ended. */
const UNKNOWN_EXIT_CODE = 255;

export interface ExecSessionInput {
  readonly execId: string;
  /** The container, as the engine knows it. */
  readonly container: string;
  /** Of all that it starts. */
  readonly mark: string;
  readonly streams: HijackedStreams;
  readonly terminal: boolean;
}

export interface ExecSessionDependencies {
  readonly link: EngineLink;
  readonly exits: ExecExits;
  readonly cgroups: Pick<Cgroups, 'processes'>;
}

/** A further process in a container. */
export class ExecSession implements ProcessSession {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  readonly exit: Promise<ProcessExit>;
  readonly #input: ExecSessionInput;
  readonly #dependencies: ExecSessionDependencies;

  constructor(input: ExecSessionInput, dependencies: ExecSessionDependencies) {
    this.#input = input;
    this.#dependencies = dependencies;
    const { exits } = dependencies;
    const { streams, execId } = input;
    this.stdin = streams.stdin;
    this.stdout = streams.stdout;
    this.stderr = streams.stderr;
    const asking = new AbortController();
    const asked = streams.ended.then(() => this.#askForExitCode(asking.signal));
    this.exit = Promise.race([exits.wait(execId), asked])
      .then((exitCode) => ({ exitCode }))
      .finally(() => {
        asking.abort();
        exits.forget(execId);
      });
  }

  async resize(size: TerminalSize): Promise<void> {
    const { execId, terminal } = this.#input;
    if (!terminal) return;
    await this.#dependencies.link.use((engine, deadline) => engine.execs.resize(execId, size, deadline));
  }

  /** The engine has no call for it: the process is killed as this host sees it, and all that it started. */
  async kill(): Promise<void> {
    await withDeadline(
      'killing the process and all it started',
      KILL_TIMEOUT_MS,
      undefined,
      async (signal) => {
        const pid = await this.#pid(signal);
        const root = pid === undefined ? undefined : await processRef(pid);
        if (root !== undefined) await killProcessTree(root, { timeoutMs: KILL_TIMEOUT_MS }, signal);
        await this.#killMarked(signal);
      },
    );
  }

  /** What does not descend from it any more. */
  async #killMarked(signal: AbortSignal): Promise<void> {
    const { link, cgroups } = this.#dependencies;
    const { container, mark } = this.#input;
    const details = await link.engine.containers.inspect(container, signal);
    const state = details && stateOf(details);
    if (state?.name !== 'running') return;
    const search = { pid: state.pid, engineId: details?.Id ?? '', mark };
    for (;;) {
      const left = await markedProcesses(search, cgroups);
      if (left.length === 0) return;
      for (const process of left) await signalProcess(process, 'SIGKILL');
      await sleep(FIRST_POLL_MS, signal);
    }
  }

  /** Of the running process; waits while it is being started. `undefined` once it has ended. */
  async #pid(signal: AbortSignal): Promise<number | undefined> {
    for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(2 * pollMs, LAST_POLL_MS)) {
      const details = await this.#dependencies.link.engine.execs.inspect(this.#input.execId, signal);
      if (details === undefined || details.ExitCode != null) return undefined;
      if (details.Running && details.Pid > 0) return details.Pid;
      await sleep(pollMs, signal);
    }
  }

  /** For when no event comes, as while their connection is broken. */
  async #askForExitCode(signal: AbortSignal): Promise<number> {
    await sleep(EVENT_GRACE_MS, signal);
    for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(2 * pollMs, LAST_POLL_MS)) {
      try {
        const details = await this.#dependencies.link.engine.execs.inspect(this.#input.execId, signal);
        if (details === undefined) return UNKNOWN_EXIT_CODE;
        if (details.ExitCode != null && !details.Running) return details.ExitCode;
      } catch (error) {
        // An engine that was away comes back without knowing of the process.
        if (kindOf(error) !== 'Unavailable') return UNKNOWN_EXIT_CODE;
      }
      await sleep(pollMs, signal);
    }
  }
}
