import type { Container, ContainerExit, InventoryContainer, StartedContainer } from '@crihub/contract';
import type { Clock, Logger } from '@crihub/kernel';
import { ContainerLog, followStream } from '@crihub/service-container-log';
import { wrongState } from '@crihub/service-sandbox';
import type { SpawnedProcess } from '@crihub/transport/process';
import { firstProcess, signalNumber, startProgram } from './program.ts';

export interface ProcessContainerDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly networkNamespace: string | undefined;
  /** Called once. */
  readonly exited: (exit: ContainerExit) => void;
}

export class ProcessContainer {
  readonly spec: Container;
  readonly #deps: ProcessContainerDependencies;
  readonly #log: ContainerLog;
  #process: SpawnedProcess | undefined;
  #startedAt = 0n;
  #pid = 0;
  #exit: ContainerExit | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(spec: Container, deps: ProcessContainerDependencies) {
    this.spec = spec;
    this.#deps = deps;
    this.#log = new ContainerLog({ path: spec.logPath }, deps);
  }

  get state(): 'created' | 'running' | 'exited' {
    if (this.#exit !== undefined) return 'exited';
    return this.#process === undefined ? 'created' : 'running';
  }

  /** Number of the first process on the host. */
  get pid(): number {
    return this.#pid;
  }

  async start(): Promise<StartedContainer> {
    if (this.state === 'exited') throw wrongState('start', 'container', this.spec.id, 'exited', 'created');
    if (this.#process === undefined) {
      const started = await startProgram(this.spec, this.#deps.networkNamespace);
      this.#process = started;
      this.#startedAt = this.#deps.clock.nowNs();
      this.#ended = this.#follow(started);
      this.#pid = (await firstProcess(started)) ?? started.pid;
    }
    return { pid: this.#pid, startedAt: this.#startedAt };
  }

  async signal(name: string): Promise<void> {
    const number = signalNumber(name);
    const target = this.#process && this.state === 'running' ? await firstProcess(this.#process) : undefined;
    if (target !== undefined) process.kill(target, number);
  }

  /** Ends all of its processes, and resolves when they have ended. */
  async kill(): Promise<void> {
    if (this.state === 'running') this.#process?.killGroup();
    await this.#ended;
  }

  async reopenLog(): Promise<void> {
    if (this.state !== 'running')
      throw wrongState('reopen the log of', 'container', this.spec.id, this.state, 'running');
    await this.#log.reopen();
  }

  describe(): InventoryContainer {
    const base = { id: this.spec.id, sandboxId: this.spec.sandboxId, container: this.spec };
    if (this.#exit !== undefined) return { ...base, state: 'exited', exit: this.#exit };
    return this.#process === undefined
      ? { ...base, state: 'created' }
      : { ...base, state: 'running', pid: this.#pid };
  }

  async #follow({ stdout, stderr, exited }: SpawnedProcess): Promise<void> {
    await this.#log.open();
    const output = [followStream(this.#log, 'stdout', stdout), followStream(this.#log, 'stderr', stderr)];
    const exitCode = await exited;
    await Promise.all(output);
    await this.#log.close();
    this.#exit = { exitCode, finishedAt: this.#deps.clock.nowNs(), oomKilled: false };
    this.#deps.exited(this.#exit);
  }
}
