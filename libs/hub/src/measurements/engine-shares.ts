import { describeError, type Logger, type SandboxId, withDeadline } from '@crihub/kernel';
import type { ProcessUsage } from '@crihub/linux';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import type { Handlers } from '../router/handlers.ts';

const ANSWER_MS = 2_000;

export interface EngineSharesDeps {
  readonly handlers: Pick<Handlers, 'all'>;
  readonly usageOf: (pid: number) => Promise<ProcessUsage | undefined>;
  readonly logger: Logger;
}

interface Engine {
  readonly memoryBytes: number;
  /** By process, since its start. */
  readonly cpuSeconds: ReadonlyMap<number, number>;
}

/** Divides what an engine takes evenly among the pods that it serves at the time. */
export class EngineShares {
  readonly #deps: EngineSharesDeps;
  readonly #engines = new Map<string, Engine>();
  readonly #pods = new Map<string, number>();
  readonly #cpuSeconds = new Map<SandboxId, number>();

  constructor(deps: EngineSharesDeps) {
    this.#deps = deps;
  }

  /**
   * Looks at the engines again, or at that of one handler. CPU time since the last look goes to the pods that
   * are there now.
   */
  async refresh(pods: readonly SandboxRecord[], only?: string): Promise<void> {
    const present = new Set(pods.map(({ id }) => id));
    for (const id of this.#cpuSeconds.keys()) if (!present.has(id)) this.#cpuSeconds.delete(id);
    await Promise.all(
      this.#deps.handlers.all().map(async ({ name, backend }) => {
        if (only !== undefined && only !== name) return;
        const served = pods.filter(({ handler }) => handler === name);
        this.#pods.set(name, served.length);
        if (backend.engine === undefined || served.length === 0) return;
        const pids = await this.#processesOf(name, backend.engine);
        const used = this.#replace(name, await this.#measure(pids));
        for (const { id } of served)
          this.#cpuSeconds.set(id, (this.#cpuSeconds.get(id) ?? 0) + used / served.length);
      }),
    );
  }

  shareOf({ id, handler }: Pick<SandboxRecord, 'id' | 'handler'>): {
    readonly memoryBytes: number;
    readonly cpuSeconds: number;
  } {
    const memoryBytes = this.#engines.get(handler)?.memoryBytes ?? 0;
    return {
      // A pod that came after the last look makes one more.
      memoryBytes: memoryBytes / Math.max(1, this.#pods.get(handler) ?? 1),
      cpuSeconds: this.#cpuSeconds.get(id) ?? 0,
    };
  }

  async #processesOf(
    handler: string,
    engine: { processes(signal: AbortSignal): Promise<readonly number[]> },
  ): Promise<readonly number[]> {
    try {
      return await withDeadline(`processes of ${handler}`, ANSWER_MS, undefined, (signal) =>
        engine.processes(signal),
      );
    } catch (error) {
      this.#deps.logger.debug("an engine's processes can't be seen", {
        handler,
        error: describeError(error),
      });
      return [];
    }
  }

  async #measure(pids: readonly number[]): Promise<Engine> {
    const usages = await Promise.all(pids.map(async (pid) => [pid, await this.#deps.usageOf(pid)] as const));
    const known = usages.flatMap(([pid, usage]) => (usage === undefined ? [] : [{ pid, ...usage }]));
    return {
      memoryBytes: known.reduce((total, { memoryBytes }) => total + memoryBytes, 0),
      cpuSeconds: new Map(known.map(({ pid, cpuSeconds }) => [pid, cpuSeconds])),
    };
  }

  /** @returns the CPU time since the last look, of processes that were there then. */
  #replace(handler: string, now: Engine): number {
    const before = this.#engines.get(handler)?.cpuSeconds ?? new Map<number, number>();
    this.#engines.set(handler, now);
    return [...now.cpuSeconds].reduce((total, [pid, seconds]) => {
      const earlier = before.get(pid);
      return earlier === undefined ? total : total + Math.max(0, seconds - earlier);
    }, 0);
  }
}
