import type { WarmPool } from '@crihub/contract';
import { type Clock, describeError, type Logger, newSandboxId, sleep, withDeadline } from '@crihub/kernel';
import type { Mounts } from '@crihub/linux';
import { READY_MS } from '../machine/bring-up.ts';
import type { Creations } from '../machine/creations.ts';
import type { Launcher } from '../machine/launcher.ts';
import { Machine } from '../machine/machine.ts';
import type { MachineSize } from '../machine/qemu-arguments.ts';
import type { Templates } from '../template/templates.ts';
import type { SparePlace, SparePlaces } from './spare-places.ts';

export interface PoolOptions {
  /** Machines that are kept ready. */
  readonly count: number;
  readonly size: MachineSize;
  readonly bootTimeoutMs: number;
}

export interface PoolDependencies {
  readonly places: SparePlaces;
  readonly launcher: Launcher;
  readonly templates: Templates | undefined;
  readonly creations: Creations;
  readonly mounts: Pick<Mounts, 'of'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A machine whose guest takes commands and has its shares, and which no pod has had. */
export interface SpareMachine {
  readonly place: SparePlace;
  readonly machine: Machine;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;
/** Time for a spare machine to show that it lives, in ms: a pod waits for it. */
const CHECK_MS = 500;

/**
 * Machines of the handler's own size, kept ready. Each is given away once; then another one is made, alone and
 * while no pod is being made. They end with the daemon.
 */
export class Pool implements WarmPool {
  readonly #options: PoolOptions;
  readonly #dependencies: PoolDependencies;
  readonly #closing = new AbortController();
  readonly #spares = new Set<SpareMachine>();
  /** Of machines that have ended by themselves. */
  readonly #leaving = new Set<Promise<void>>();
  #filling: Promise<void> | undefined;
  #hits = 0;
  #misses = 0;

  constructor(options: PoolOptions, dependencies: PoolDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** How many are ready. */
  get ready(): number {
    return this.#spares.size;
  }

  get wanted(): number {
    return this.#options.count;
  }

  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  /** Makes what is missing, in the background. Repeatable. */
  fill(): void {
    if (this.#filling !== undefined || this.#closing.signal.aborted) return;
    this.#filling = this.#untilFull()
      .catch((error: unknown) => {
        if (this.#closing.signal.aborted) return;
        this.#dependencies.logger.error('no machines are made ready any more', {
          error: describeError(error),
        });
      })
      .finally(() => (this.#filling = undefined));
  }

  /** Gives one away, for good, that was seen to live; undefined if there is none of this size. */
  async take(size: MachineSize, signal: AbortSignal): Promise<SpareMachine | undefined> {
    const spare = await this.#takeLiving(size, signal);
    if (spare === undefined) this.#misses += 1;
    else this.#hits += 1;
    return spare;
  }

  async #takeLiving(
    { memoryBytes, cpus }: MachineSize,
    signal: AbortSignal,
  ): Promise<SpareMachine | undefined> {
    const { size } = this.#options;
    if (size.memoryBytes !== memoryBytes || size.cpus !== cpus) return undefined;
    for (const spare of this.#spares) {
      this.#spares.delete(spare);
      this.fill();
      if (await this.#lives(spare, signal)) return spare;
      await this.discard(spare);
    }
    return undefined;
  }

  /** Ends a machine that was given away and is of no use. */
  async discard({ machine, place }: SpareMachine): Promise<void> {
    await machine.close();
    await this.#dependencies.places.close(place);
  }

  /** Ends all. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#filling;
    const spares = [...this.#spares];
    this.#spares.clear();
    await Promise.all([...spares.map(async (spare) => this.discard(spare)), ...this.#leaving]);
  }

  async #untilFull(): Promise<void> {
    const { creations, logger } = this.#dependencies;
    const { signal } = this.#closing;
    for (let pauseMs = 0; this.#spares.size < this.#options.count;) {
      await creations.quiet(signal);
      try {
        this.#hold(await this.#make(signal));
        pauseMs = 0;
      } catch (error) {
        signal.throwIfAborted();
        pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, pauseMs * 2), LONGEST_PAUSE_MS);
        logger.warn('no machine could be made ready', { error: describeError(error), nextAfterMs: pauseMs });
        await sleep(pauseMs, signal);
      }
    }
  }

  async #make(closing: AbortSignal): Promise<SpareMachine> {
    const { places, launcher, mounts, clock } = this.#dependencies;
    const { size, bootTimeoutMs } = this.#options;
    const from = await this.#template(closing);
    const timeoutMs = from === undefined ? bootTimeoutMs : READY_MS;
    return await withDeadline('making a machine ready', timeoutMs, closing, async (signal) => {
      const place = await places.open();
      try {
        const process = await launcher.start({ ...place, size, ...(from && { from }) }, signal);
        const own = { sandboxId: newSandboxId(), process, mounts: mounts.of(process), clock };
        const machine = await Machine.attach({ ...place, ...own }, signal);
        const origin = from === undefined ? 'boot' : 'restore';
        await machine.logIn(await machine.untilGreeted(origin, signal), signal);
        await machine.mountShares(signal);
        return { place, machine };
      } catch (error) {
        await places.close(place);
        throw error;
      }
    });
  }

  /** That of the size of the pool; where it must be made first, it is waited for. */
  async #template(signal: AbortSignal): ReturnType<Templates['find']> {
    const { templates } = this.#dependencies;
    const found = await templates?.find(this.#options.size, signal);
    if (found !== undefined) return found;
    await templates?.settled();
    return await templates?.find(this.#options.size, signal);
  }

  #hold(spare: SpareMachine): void {
    this.#spares.add(spare);
    const replace = (): void => {
      if (!this.#spares.delete(spare)) return;
      this.#dependencies.logger.warn('a machine that was ready has ended and is replaced');
      const leaving = this.discard(spare)
        .catch((error: unknown) => {
          this.#dependencies.logger.error('what it had is left', { error: describeError(error) });
        })
        .finally(() => this.#leaving.delete(leaving));
      this.#leaving.add(leaving);
      this.fill();
    };
    spare.machine.ended.then(replace, replace);
  }

  async #lives({ machine }: SpareMachine, caller: AbortSignal): Promise<boolean> {
    try {
      return await withDeadline('asking a spare machine', CHECK_MS, caller, async (signal) => {
        const ssh = await machine.ssh(signal);
        return (await ssh.run('true', { signal })).exitCode === 0;
      });
    } catch (error) {
      caller.throwIfAborted();
      this.#dependencies.logger.warn('a machine that was ready does not answer', {
        error: describeError(error),
      });
      return false;
    }
  }
}
