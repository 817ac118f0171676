import { RuntimeError } from '@crihub/kernel';
import type { Handler } from './handler.ts';

/** All handlers of the node, by name. */
export class Handlers {
  readonly #byName: ReadonlyMap<string, Handler>;
  readonly #defaultName: string;

  constructor(options: { readonly defaultHandler: string }, deps: { readonly handlers: readonly Handler[] }) {
    this.#byName = new Map(deps.handlers.map((handler) => [handler.name, handler]));
    this.#defaultName = options.defaultHandler;
  }

  get defaultName(): string {
    return this.#defaultName;
  }

  all(): readonly Handler[] {
    return [...this.#byName.values()];
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** The handler for a pod's `runtime_handler`. @throws InvalidArgument naming those that exist. */
  resolve(runtimeHandler: string): Handler {
    const handler = this.#byName.get(runtimeHandler === '' ? this.#defaultName : runtimeHandler);
    if (handler !== undefined) return handler;
    throw new RuntimeError(
      'InvalidArgument',
      `runtime handler '${runtimeHandler}' is not configured on this node; there are: ${[...this.#byName.keys()].join(', ')}`,
    );
  }

  /** The handler that a pod was given. @throws Unavailable if the configuration has it no more. */
  of(record: { readonly handler: string; readonly id: string }): Handler {
    const handler = this.#byName.get(record.handler);
    if (handler !== undefined) return handler;
    throw new RuntimeError(
      'Unavailable',
      `pod sandbox ${record.id} belongs to handler '${record.handler}', which the configuration no longer has: put it back`,
      { id: record.id },
    );
  }
}
