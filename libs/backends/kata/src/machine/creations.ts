import type { SandboxId } from '@crihub/kernel';

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

  /** Resolves when no pod is being made. */
  async none(): Promise<void> {
    while (this.#pods.size > 0) await this.#idle.promise;
  }
}
