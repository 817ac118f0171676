import type { RuntimeError } from '@crihub/kernel';
import type { RunningCall } from './running-call.ts';

type Shape = 'unary' | 'stream';

/** The calls whose handlers run, so that a shutdown can wait for them and end them. */
export class RunningCalls {
  readonly #calls = new Map<RunningCall, Shape>();
  readonly #refused = new Map<Shape, RuntimeError>();
  readonly #waiting = new Set<() => void>();

  get size(): number {
    return this.#calls.size;
  }

  add(call: RunningCall, shape: Shape): void {
    this.#calls.set(call, shape);
    const reason = this.#refused.get(shape);
    if (reason !== undefined) call.abort(reason);
  }

  delete(call: RunningCall): void {
    this.#calls.delete(call);
    if (this.#calls.size > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Aborts all calls of this shape, and those that still come. */
  abort(shape: Shape, reason: RuntimeError): void {
    this.#refused.set(shape, reason);
    for (const [call, itsShape] of this.#calls) {
      if (itsShape === shape) call.abort(reason);
    }
  }

  /** Resolves when no handler runs. */
  async idle(): Promise<void> {
    if (this.#calls.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
    });
  }
}
