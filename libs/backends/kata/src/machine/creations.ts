import { type SandboxId, sleep, untilAborted } from '@crihub/kernel';

/** After a pod come its containers, and often other pods. */
const QUIET_MS = 500;

/** The pods that are being made: what is made for later waits until there are none. */
export class Creations {
  readonly #pods = new Set<SandboxId>();
  #idle = Promise.withResolvers<void>();

  constructor() {
    this.#idle.resolve();
  }

  /** Repeatable. */
  begin(id: SandboxId): void {
    if (this.#pods.size === 0) this.#idle = Promise.withResolvers<void>();
    this.#pods.add(id);
  }

  /** Repeatable. */
  end(id: SandboxId): void {
    this.#pods.delete(id);
    if (this.#pods.size === 0) this.#idle.resolve();
  }

  /** Resolves when no pod is being made, nor has been for a moment. @throws the signal's reason. */
  async quiet(signal: AbortSignal): Promise<void> {
    do {
      await untilAborted(this.#idle.promise, signal);
      await sleep(QUIET_MS, signal);
    } while (this.#pods.size > 0);
  }
}
