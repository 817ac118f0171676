import { withDeadline } from './deadline.ts';
import { describeError } from './errors.ts';
import { untilAborted } from './keyed-mutex.ts';

type Undo = (signal: AbortSignal) => Promise<void>;

export interface FailedUndo {
  readonly description: string;
  readonly error: unknown;
}

export interface UnwindOptions {
  /** Time for each step, in ms. The request's own deadline may be over, so it plays no part. */
  readonly stepTimeoutMs?: number;
}

/**
 * What must be undone if an operation fails, newest first. A step is pushed before the act that it
 * undoes, since an act that failed may have half happened; so every undo must tolerate finding nothing.
 */
export class Unwind {
  readonly #steps: { description: string; undo: Undo }[] = [];
  readonly #stepTimeoutMs: number;

  constructor({ stepTimeoutMs = 10_000 }: UnwindOptions = {}) {
    this.#stepTimeoutMs = stepTimeoutMs;
  }

  push(description: string, undo: Undo): void {
    this.#steps.push({ description, undo });
  }

  /**
   * Undoes all steps in reverse order, each within its own time. A step that fails, or is deaf to its
   * signal, does not stop the rest; what could not be undone is returned, for the caller to owe.
   */
  async run(): Promise<readonly FailedUndo[]> {
    const failed: FailedUndo[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const { description, undo } = step;
      try {
        await withDeadline(`undo: ${description}`, this.#stepTimeoutMs, undefined, (signal) =>
          untilAborted(undo(signal), signal),
        );
      } catch (error) {
        failed.push({ description, error });
      }
    }
    return failed;
  }

  /** Forgets all steps: the operation succeeded. */
  commit(): void {
    this.#steps.length = 0;
  }
}

/** `could not undo: remove netns (busy); delete bundle (…)`, for a log line or an error. */
export const describeFailedUndos = (failed: readonly FailedUndo[]): string =>
  `could not undo: ${failed.map((f) => `${f.description} (${describeError(f.error)})`).join('; ')}`;
