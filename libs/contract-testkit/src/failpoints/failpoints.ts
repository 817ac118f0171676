import { sleep, untilAborted } from '@crihub/kernel';

/** What happens when a point is reached. */
export type FailpointAction =
  | { readonly type: 'fail'; readonly error: Error }
  /** Goes on after this time. */
  | { readonly type: 'delay'; readonly ms: number }
  /** Goes on never; the signal's abort is honoured. */
  | { readonly type: 'hang' }
  /** The daemon dies here: this point and all later ones of the same object never return. */
  | { readonly type: 'crash' };

interface ArmedPoint {
  readonly action: FailpointAction;
  remaining: number;
}

/**
 * Named places in the code where a test can make something happen. One object stands for one life of a
 * daemon: after a crash, whoever comes to a point waits there for ever, as if the process were gone.
 */
export class Failpoints {
  readonly #armed = new Map<string, ArmedPoint>();
  readonly #reached: string[] = [];
  readonly #crash = Promise.withResolvers<string>();
  #dead = false;

  /** The points that were reached so far, in order. */
  get reached(): readonly string[] {
    return this.#reached;
  }

  /** Resolves with the name of the point where the daemon died. */
  get crashed(): Promise<string> {
    return this.#crash.promise;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Lets the next `times` visits of a point act so; it replaces what was armed there. */
  arm(point: string, action: FailpointAction, times = 1): this {
    this.#armed.set(point, { action, remaining: times });
    return this;
  }

  disarm(point: string): void {
    this.#armed.delete(point);
  }

  /** The daemon dies, wherever it is. */
  crash(point = 'outside'): void {
    this.#dead = true;
    this.#crash.resolve(point);
  }

  /** To be called at the point. @throws the armed error, or the signal's reason. */
  async hit(point: string, signal?: AbortSignal): Promise<void> {
    if (this.#dead) await never();
    this.#reached.push(point);
    const action = this.#take(point);
    if (action === undefined) return;
    switch (action.type) {
      case 'fail':
        throw action.error;
      case 'delay':
        return await sleep(action.ms, signal);
      case 'hang':
        return await untilAborted(never(), signal);
      case 'crash':
        this.crash(point);
        return await never();
    }
  }

  #take(point: string): FailpointAction | undefined {
    const armed = this.#armed.get(point);
    if (armed === undefined) return undefined;
    armed.remaining -= 1;
    if (armed.remaining <= 0) this.#armed.delete(point);
    return armed.action;
  }
}

const never = (): Promise<never> => new Promise(() => undefined);
