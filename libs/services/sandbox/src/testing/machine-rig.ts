import type { Backend, Container, Resources, Sandbox } from '@crihub/contract';
import { busyboxCommands, type ContainerOverrides, type Rig } from '@crihub/contract-testkit';
import type { RigMachine } from './rig-machine.ts';

const START_MS = 10_000;

/** A rig of the contract kit for a backend that runs pods on this machine. `launch` it before use. */
export abstract class MachineRig<B extends Backend> implements Rig {
  readonly commands = busyboxCommands;
  readonly machine: RigMachine;
  #backend: B | undefined;

  protected constructor(machine: RigMachine) {
    this.machine = machine;
  }

  /** A new instance, as a new daemon would make it. */
  protected abstract makeBackend(): B;

  /** What is left, a line each. */
  abstract leaks(): Promise<readonly string[]>;

  abstract [Symbol.asyncDispose](): Promise<void>;

  async launch(): Promise<this> {
    this.#backend = this.makeBackend();
    await this.#backend.start(AbortSignal.timeout(START_MS));
    return this;
  }

  get backend(): B {
    if (this.#backend === undefined) throw new Error('the rig was not launched');
    return this.#backend;
  }

  get directory(): string {
    return this.machine.directory;
  }

  async reopen(whileDown?: () => Promise<void>): Promise<B> {
    await this.backend.close();
    await whileDown?.();
    await this.launch();
    return this.backend;
  }

  async makeSandbox(overrides?: Partial<Sandbox>): Promise<Sandbox> {
    return await this.machine.makeSandbox(overrides);
  }

  async makeContainer(sandbox: Sandbox, overrides?: ContainerOverrides): Promise<Container> {
    return await this.machine.makeContainer(sandbox, overrides);
  }

  async countProcesses(container: Container, word: string): Promise<number> {
    return await this.machine.countProcesses(await this.cgroupOf(container), word);
  }

  async readLimits(container: Container): Promise<Pick<Resources, 'memoryLimitBytes' | 'cpuQuotaUs'>> {
    return await this.machine.readLimits(await this.cgroupOf(container));
  }

  protected async cgroupOf(container: Container): Promise<string> {
    return this.machine.containerCgroup(container);
  }
}
