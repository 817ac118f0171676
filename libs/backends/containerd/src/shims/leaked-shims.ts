import type { Clock, SandboxId } from '@crihub/kernel';
import { killProcessTree, processCgroups, processTree } from '@crihub/linux';
import type { TaskState } from '../api/task-service.ts';
import type { ShimProcess } from './shim-process.ts';

/** What containerd has in our namespace, of all handlers. */
export interface KnownTasks {
  readonly records: ReadonlySet<string>;
  readonly states: ReadonlyMap<string, TaskState>;
}

/** A shim ends within this time of its last task, in ns. */
const GRACE_NS = 3_000_000_000n;

interface Suspect {
  readonly shim: ShimProcess;
  readonly since: bigint;
  /** The cgroups of what it runs. */
  readonly runsIn: ReadonlySet<string>;
}

/**
 * Shims of our namespace that containerd has forgotten, with what they run. A shim keeps the name of the first
 * container of its pod, which may be long gone; so one is leaked only if nothing that it runs is known either.
 */
export class LeakedShims {
  readonly #clock: Clock;
  #suspects: readonly Suspect[] = [];

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** @param shims from before `known` was asked for: whatever starts a shim has made a record by then. */
  async find(shims: readonly ShimProcess[], known: KnownTasks): Promise<readonly SandboxId[]> {
    const now = this.#clock.nowNs();
    const before = new Map(this.#suspects.map(({ shim, since }) => [keyOf(shim), since]));
    const unnamed = shims.filter(({ id }) => !known.records.has(id) && !known.states.has(id));
    const seen = await Promise.all(
      unnamed.map(async (shim) => ({
        shim,
        since: before.get(keyOf(shim)) ?? now,
        runsIn: await cgroupsBelow(shim),
      })),
    );
    this.#suspects = seen.filter(({ runsIn }) => !mayServe(runsIn, known));
    return this.#suspects.filter(({ since }) => now - since >= GRACE_NS).map(({ shim }) => shim.id);
  }

  /** Kills the shims that were found with this name, unless one was given something to run since. */
  async end(id: SandboxId, signal: AbortSignal): Promise<void> {
    const overdue = this.#suspects.filter(
      ({ shim, since }) => shim.id === id && this.#clock.nowNs() - since >= GRACE_NS,
    );
    for (const { shim, runsIn } of overdue) {
      const now = await cgroupsBelow(shim);
      if (now.isSubsetOf(runsIn)) await killProcessTree(shim, {}, signal);
    }
  }
}

/** Nobody can tell whose a task is that has ended, so a shim that runs nothing may have any of those. */
function mayServe(runsIn: ReadonlySet<string>, { records, states }: KnownTasks): boolean {
  if (runsIn.size === 0) return [...states.values()].some(({ name }) => name === 'stopped');
  const ids = [...records];
  return [...runsIn].some((path) => ids.some((id) => path.includes(id)));
}

async function cgroupsBelow(shim: ShimProcess): Promise<ReadonlySet<string>> {
  const [, ...below] = await processTree(shim);
  const found = await Promise.all(below.map(({ pid }) => processCgroups(pid)));
  return new Set(found.flatMap((one) => [one?.unified ?? '', ...(one?.controllers.values() ?? [])]));
}

const keyOf = ({ pid, startTime }: ShimProcess): string => `${String(pid)} ${String(startTime)}`;
