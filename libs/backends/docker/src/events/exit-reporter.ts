import type { BackendEvent, ContainerExit } from '@crihub/contract';
import { type ContainerId, describeError, type Logger, type SandboxId } from '@crihub/kernel';
import type { EngineEvent } from '@crihub/transport/docker-engine';
import { stateOf } from '../container/container-state.ts';
import type { EngineLink } from '../engine-link.ts';
import type { KnownStates } from '../known-states.ts';
import { identityOf } from '../identity.ts';
import type { ContainerLogs } from '../log/container-logs.ts';
import { toldOfMemoryDeath } from './kernel-log.ts';
import type { MemoryDeaths } from './memory-deaths.ts';

export interface ExitReporterDependencies {
  readonly link: EngineLink;
  readonly logs: ContainerLogs;
  readonly known: KnownStates;
  readonly logger: Logger;
  /** Pods that are being ended by us, whose end is no news. */
  readonly ending: ReadonlySet<SandboxId>;
  readonly memoryDeaths: MemoryDeaths;
  /** Whether it was killed by us. */
  readonly isKilled: (id: ContainerId) => boolean;
  readonly tell: (event: BackendEvent) => void;
  readonly execEnded: (execId: string, exitCode: number) => void;
}

const SIGKILLED = 137;
/** The news of a lack of memory may come after that of the death. */
const MEMORY_NEWS_MS = 500;

/** Tells what becomes of containers, after their logs are complete. */
export class ExitReporter {
  readonly #dependencies: ExitReporterDependencies;
  readonly #underWay = new Set<Promise<void>>();

  constructor(dependencies: ExitReporterDependencies) {
    this.#dependencies = dependencies;
  }

  happened({ Action, Actor }: EngineEvent): void {
    const { execEnded, memoryDeaths } = this.#dependencies;
    if (Action === 'oom') memoryDeaths.add(Actor.ID);
    else if (Action === 'destroy') memoryDeaths.forget(Actor.ID);
    else if (Action.startsWith('exec_die')) {
      execEnded(Actor.Attributes['execID'] ?? '', Number(Actor.Attributes['exitCode'] ?? 255));
    } else if (Action === 'die') this.#died(Actor.ID, Actor.Attributes);
  }

  /** Waits for what is being told. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #died(engineId: string, labels: Readonly<Record<string, string>>): void {
    const { tell, ending, logger, known } = this.#dependencies;
    const identity = identityOf(labels);
    if (identity !== undefined) known.forget(identity.id);
    if (identity?.kind === 'sandbox' && !ending.has(identity.id)) {
      const message = `the infra container ended with exit code ${labels['exitCode'] ?? 'unknown'}`;
      tell({ type: 'sandboxExited', id: identity.id, message });
    }
    if (identity?.kind !== 'container') return;
    const telling = this.#tellExit(identity.id, engineId).catch((error: unknown) => {
      logger.warn("a container's exit can't be looked up", { id: identity.id, error: describeError(error) });
      tell({ type: 'resync' });
    });
    this.#underWay.add(telling);
    void telling.then(() => this.#underWay.delete(telling));
  }

  async #tellExit(id: ContainerId, engineId: string): Promise<void> {
    await this.#dependencies.logs.finish(id, engineId);
    const exit = await this.#exitOf(id, engineId);
    if (exit !== undefined) this.#dependencies.tell({ type: 'containerExited', id, exit });
  }

  async #exitOf(id: ContainerId, engineId: string): Promise<ContainerExit | undefined> {
    const { link, memoryDeaths } = this.#dependencies;
    const details = await link.use((engine, deadline) => engine.containers.inspect(engineId, deadline));
    const state = details && stateOf(details);
    if (state?.name !== 'exited') return undefined; // removed meanwhile, or started again by somebody
    const { exit } = state;
    if (exit.oomKilled || exit.exitCode !== SIGKILLED || this.#dependencies.isKilled(id)) return exit;
    // The engine does not always learn of it, least of all on hosts with cgroup v1.
    if (await toldOfMemoryDeath(engineId)) memoryDeaths.add(engineId);
    return { ...exit, oomKilled: await memoryDeaths.within(engineId, MEMORY_NEWS_MS) };
  }
}
