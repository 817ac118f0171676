import type { Duplex } from 'node:stream';
import type {
  AttachSpec,
  BackendEvent,
  ExecSpec,
  ProcessExit,
  ProcessOperations,
  ProcessSession,
} from '@crihub/contract';
import type { ContainerId } from '@crihub/kernel';
import type { Cgroups } from '@crihub/linux';
import { notFound, wrongState } from '@crihub/service-sandbox';
import { type ContainerDetails, HijackedStreams, statusOf } from '@crihub/transport/docker-engine';
import { stateOf } from '../container/container-state.ts';
import type { EngineLink } from '../engine-link.ts';
import { containerName } from '../identity.ts';
import { AttachSession } from './attach-session.ts';
import { NO_DETACH_KEYS } from './detach-keys.ts';
import type { ExecExits } from './exec-exits.ts';
import { execMark } from './exec-mark.ts';
import { ExecSession } from './exec-session.ts';

export interface DockerProcessesDependencies {
  readonly link: EngineLink;
  readonly exits: ExecExits;
  readonly cgroups: Pick<Cgroups, 'processes'>;
  readonly events: (signal: AbortSignal) => AsyncIterable<BackendEvent>;
}

/** Further processes and attaching, over connections that the engine gives to the process. */
export class DockerProcesses implements ProcessOperations {
  readonly #dependencies: DockerProcessesDependencies;
  readonly #end = new AbortController();

  constructor(dependencies: DockerProcessesDependencies) {
    this.#dependencies = dependencies;
  }

  async exec(id: ContainerId, exec: ExecSpec, signal: AbortSignal): Promise<ProcessSession> {
    signal.throwIfAborted();
    const { link } = this.#dependencies;
    const { execs } = link.engine;
    const mark = execMark();
    const execId = await this.#createExec(id, { ...exec, mark }, signal);
    const connection = await execs.start(execId, exec.terminal, signal);
    const input = exec.stdin ? connection : undefined;
    const streams = new HijackedStreams(connection, { terminal: exec.terminal, input });
    const { terminal } = exec;
    const container = containerName(id);
    return new ExecSession({ execId, container, mark, streams, terminal }, this.#dependencies);
  }

  async attach(id: ContainerId, { stdin }: AttachSpec, signal: AbortSignal): Promise<ProcessSession> {
    signal.throwIfAborted();
    const { link } = this.#dependencies;
    const { Id: engineId, Config } = await this.#running('attach to', id, signal);
    const detachKeys = NO_DETACH_KEYS;
    const { containers } = link.engine;
    const output = await containers.attach(engineId, { side: 'output', detachKeys }, signal);
    const input = stdin ? await this.#attachInput(engineId, output, signal) : undefined;
    // The container's own terminal decides how its output comes, whatever the caller has.
    const terminal = Config.Tty;
    const streams = new HijackedStreams(output, { terminal, input });
    const exit = this.#exitOf(id, engineId);
    return new AttachSession({ engineId, streams, terminal, exit }, this.#dependencies);
  }

  /** A refusal is looked into only when there is one: execs are many, and most are right. */
  async #createExec(
    id: ContainerId,
    { mark, ...exec }: ExecSpec & { readonly mark: string },
    signal: AbortSignal,
  ): Promise<string> {
    const { execs } = this.#dependencies.link.engine;
    const request = { ...exec, detachKeys: NO_DETACH_KEYS, environment: [mark] };
    try {
      return await execs.create(containerName(id), request, signal);
    } catch (error) {
      if ([404, 409].includes(statusOf(error) ?? 0)) await this.#running('exec in', id, signal);
      throw error;
    }
  }

  close(): void {
    this.#end.abort();
  }

  async #attachInput(engineId: string, output: Duplex, signal: AbortSignal): Promise<Duplex> {
    const options = { side: 'input', detachKeys: NO_DETACH_KEYS } as const;
    try {
      return await this.#dependencies.link.engine.containers.attach(engineId, options, signal);
    } catch (error) {
      output.destroy();
      throw error;
    }
  }

  async #running(operation: string, id: ContainerId, signal: AbortSignal): Promise<ContainerDetails> {
    const details = await this.#dependencies.link.engine.containers.inspect(containerName(id), signal);
    if (details === undefined) throw notFound(operation, 'container', id);
    const state = stateOf(details).name;
    if (state === 'running') return details;
    throw wrongState(operation, 'container', id, state, 'running');
  }

  /** From the events; a container that ends unseen is looked up when events may have been missed. */
  async #exitOf(id: ContainerId, engineId: string): Promise<ProcessExit> {
    const listening = new AbortController();
    const signal = AbortSignal.any([listening.signal, this.#end.signal]);
    const events = this.#dependencies.events(signal);
    try {
      const ended = await this.#endedAlready(engineId);
      if (ended !== undefined) return ended;
      for await (const event of events) {
        const isOurs = event.type === 'containerExited' && event.id === id;
        if (isOurs) return { exitCode: event.exit.exitCode };
        const missed = event.type === 'resync' ? await this.#endedAlready(engineId) : undefined;
        if (missed !== undefined) return missed;
      }
      return await new Promise<never>(() => undefined); // the backend has closed: nobody can tell any more
    } finally {
      listening.abort();
    }
  }

  async #endedAlready(engineId: string): Promise<ProcessExit | undefined> {
    const { engine } = this.#dependencies.link;
    const details = await engine.containers.inspect(engineId, this.#end.signal).catch(() => undefined); // the engine is away; a resync follows when it is back
    const state = details && stateOf(details);
    return state?.name === 'exited' ? { exitCode: state.exit.exitCode } : undefined;
  }
}
