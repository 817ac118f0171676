import { RuntimeError, type SandboxId } from '@crihub/kernel';
import type { Machine } from '../machine/machine.ts';

export interface RunningMachinesDependencies {
  /** A machine has ended that nobody has released. */
  readonly lost: (id: SandboxId) => void;
}

/** The machines that this daemon holds a connection to. */
export class RunningMachines {
  readonly #machines = new Map<SandboxId, Machine>();
  readonly #lost: RunningMachinesDependencies['lost'];

  constructor({ lost }: RunningMachinesDependencies) {
    this.#lost = lost;
  }

  hold(machine: Machine): void {
    const id = machine.sandboxId;
    this.#machines.set(id, machine);
    const gone = (): void => {
      if (this.#machines.get(id) !== machine) return;
      this.#machines.delete(id);
      this.#lost(id);
    };
    // One that outlives a SIGKILL for a while is of no more use than one that has ended.
    machine.ended.then(gone, gone);
  }

  has(id: SandboxId): boolean {
    return this.#machines.has(id);
  }

  /** @throws NotFound if the pod's machine does not run. */
  get(id: SandboxId): Machine {
    const machine = this.#machines.get(id);
    if (machine === undefined) throw new RuntimeError('NotFound', `no machine of pod ${id} runs`, { id });
    return machine;
  }

  /** From now on its end is nobody's surprise. */
  release(id: SandboxId): void {
    this.#machines.delete(id);
  }

  /** Lets go of all, which run on. */
  async close(): Promise<void> {
    const machines = [...this.#machines.values()];
    this.#machines.clear();
    await Promise.all(machines.map(async (machine) => machine.close()));
  }
}
