import type { Backend, BackendEvent, BackendHealth, Inventory } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';

/** Stands for a backend that could not be made: its handler says why, and concerns no other. */
export class UnusableBackend implements Backend {
  readonly kind: string;
  readonly rootfs = 'hub';
  /** Not known: as the strongest, so that no other stands in for it unless an operator allows it. */
  readonly isolation = 'virtualMachine';
  readonly sandboxes: Backend['sandboxes'];
  readonly containers: Backend['containers'];
  readonly processes: Backend['processes'];
  readonly #message: string;

  constructor(kind: string, message: string) {
    this.kind = kind;
    this.#message = message;
    const refuse = async (): Promise<never> => this.#refuse();
    this.sandboxes = { prepare: refuse, start: refuse, stop: refuse, remove: refuse, update: refuse };
    this.containers = {
      create: refuse,
      start: refuse,
      signal: refuse,
      remove: refuse,
      update: refuse,
      reopenLog: refuse,
    };
    this.processes = { exec: refuse, attach: refuse };
  }

  async start(): Promise<void> {
    return undefined;
  }

  async close(): Promise<void> {
    return undefined;
  }

  async health(): Promise<BackendHealth> {
    return { healthy: false, reason: 'PackageUnusable', message: this.#message };
  }

  /** Its pods stay as they were last known: nobody says that they are gone. */
  async inventory(): Promise<Inventory> {
    return this.#refuse();
  }

  async *events(signal: AbortSignal): AsyncGenerator<BackendEvent> {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) return;
    signal.addEventListener('abort', () => resolve(), { once: true });
    await aborted;
    yield* [];
  }

  #refuse(): never {
    throw new RuntimeError('Unavailable', this.#message);
  }
}
