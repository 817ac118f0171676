import {
  type Backend,
  type BackendEvent,
  type BackendHealth,
  type Inventory,
  ISOLATIONS,
} from '@crihub/contract';
import { isRuntimeError, RuntimeError, untilAborted } from '@crihub/kernel';
import { healthSchema, inventorySchema } from './answers.ts';

const CLOSE_MS = 10_000;

/** Any function of a backend's: its signal, if it takes one, is its last argument. */
type Call = (...args: never[]) => unknown;

/**
 * A backend of somebody else's behind the contract's rules: a call that is deaf to its signal is left
 * alone, a throw or a foreign error becomes a `RuntimeError`, and an answer of the wrong shape is refused.
 */
export class GuardedBackend implements Backend {
  readonly kind: string;
  readonly rootfs: Backend['rootfs'];
  readonly isolation: Backend['isolation'];
  readonly sandboxes: Backend['sandboxes'];
  readonly containers: Backend['containers'];
  readonly processes: Backend['processes'];
  readonly checkpoint?: NonNullable<Backend['checkpoint']>;
  readonly portForward?: NonNullable<Backend['portForward']>;
  readonly imageCopies?: NonNullable<Backend['imageCopies']>;
  readonly engine?: NonNullable<Backend['engine']>;
  readonly #target: Backend;

  constructor(name: string, target: Backend) {
    this.#target = target;
    this.kind = name;
    this.rootfs = target.rootfs;
    // One that claims nothing we know is taken for the weakest.
    this.isolation = ISOLATIONS.includes(target.isolation) ? target.isolation : 'namespaces';
    const { sandboxes, containers, processes, checkpoint, portForward, imageCopies, engine } = target;
    this.sandboxes = this.#guardAll(sandboxes, ['prepare', 'start', 'stop', 'remove', 'update']);
    this.containers = this.#guardAll(containers, [
      'create',
      'start',
      'signal',
      'remove',
      'update',
      'reopenLog',
    ]);
    this.processes = this.#guardAll(processes, ['exec', 'attach']);
    if (checkpoint !== undefined) this.checkpoint = this.#guardAll(checkpoint, ['checkpoint']);
    if (portForward !== undefined) this.portForward = this.#guardAll(portForward, ['connect']);
    if (imageCopies !== undefined) this.imageCopies = this.#guardAll(imageCopies, ['remove']);
    if (engine !== undefined) this.engine = this.#guardAll(engine, ['processes']);
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#call('start', () => this.#target.start(signal), signal);
  }

  async close(): Promise<void> {
    await this.#call('close', () => this.#target.close(), AbortSignal.timeout(CLOSE_MS));
  }

  async health(signal: AbortSignal): Promise<BackendHealth> {
    const health = await this.#call('health', () => this.#target.health(signal), signal);
    return this.#checked('health', healthSchema.safeParse(health).success, health);
  }

  async inventory(signal: AbortSignal): Promise<Inventory> {
    const inventory = await this.#call('inventory', () => this.#target.inventory(signal), signal);
    return this.#checked('inventory', inventorySchema.safeParse(inventory).success, inventory);
  }

  async *events(signal: AbortSignal): AsyncGenerator<BackendEvent> {
    let iterator: AsyncIterator<BackendEvent> | undefined;
    for (;;) {
      try {
        iterator ??= this.#target.events(signal)[Symbol.asyncIterator]();
        const next = await untilAborted(iterator.next(), signal);
        if (next.done === true) return;
        yield next.value;
      } catch (cause) {
        if (signal.aborted) return;
        throw this.#asRuntimeError('events', cause);
      }
    }
  }

  #guardAll<Operations extends object>(
    operations: Operations,
    names: readonly (keyof Operations & string)[],
  ): Operations {
    const guarded = names.map((name) => {
      const method = (operations as Readonly<Record<string, Call>>)[name] as Call;
      const call = (...args: never[]): unknown => {
        const last: unknown = args.at(-1);
        return this.#call(
          name,
          () => method.apply(operations, args),
          last instanceof AbortSignal ? last : undefined,
        );
      };
      return [name, call] as const;
    });
    return Object.fromEntries(guarded) as Operations;
  }

  async #call<Result>(
    operation: string,
    work: () => Result | Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    try {
      // In an async function of its own, so that a throw is a rejection too.
      return await untilAborted((async () => await work())(), signal);
    } catch (cause) {
      if (signal?.aborted === true) signal.throwIfAborted();
      throw this.#asRuntimeError(operation, cause);
    }
  }

  #checked<Answer>(operation: string, valid: boolean, answer: Answer): Answer {
    if (valid) return answer;
    throw new RuntimeError(
      'Internal',
      `backend package ${this.kind} broke the contract: what ${operation} answered has not its shape`,
      { operation },
    );
  }

  #asRuntimeError(operation: string, cause: unknown): RuntimeError {
    if (isRuntimeError(cause)) return cause;
    const text = cause instanceof Error ? cause.message : String(cause);
    return new RuntimeError('Internal', `backend package ${this.kind} failed in ${operation}: ${text}`, {
      operation,
      cause,
    });
  }
}
