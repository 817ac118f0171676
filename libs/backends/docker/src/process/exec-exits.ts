/** Who waits for the ends of processes that the engine's events tell. */
export class ExecExits {
  readonly #waiting = new Map<string, (exitCode: number) => void>();

  /** Resolves with the exit code when it is told; `forget` must be called in the end. */
  wait(execId: string): Promise<number> {
    return new Promise((resolve) => this.#waiting.set(execId, resolve));
  }

  forget(execId: string): void {
    this.#waiting.delete(execId);
  }

  ended(execId: string, exitCode: number): void {
    this.#waiting.get(execId)?.(exitCode);
    this.#waiting.delete(execId);
  }
}
