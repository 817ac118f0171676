import { type Clock, describeError, type Logger, Semaphore, sleep, withDeadline } from '@crihub/kernel';
import type { ContainerRecord } from '../records/container-record.ts';

/** What a container wrote to its root filesystem. */
export interface LayerUsage {
  readonly bytes: number;
  readonly inodes: number;
}

/** Measures by walking a directory, which may take long; `undefined` if the layer is not on this host. */
export interface WritableLayerMeter {
  usage(record: ContainerRecord, signal: AbortSignal): Promise<LayerUsage | undefined>;
}

export interface MeasuredLayer extends LayerUsage {
  /** Nanoseconds since 1970. */
  readonly measuredAt: bigint;
}

export interface WritableLayersDeps {
  readonly meter: WritableLayerMeter;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Entry {
  readonly layer: MeasuredLayer | undefined;
  /** Nanoseconds since 1970. */
  readonly freshUntil: bigint;
}

const FRESH_NS = 15_000_000_000n;
/** A walk may take this part of the time at most. */
const SHARE = 10n;
const WALKS = 2;
const LONGEST_WALK_MS = 120_000;
const FIRST_ANSWER_MS = 1_000;

/**
 * The writable layers' sizes as last measured. An old answer is given at once and measured again in the
 * background, a few layers at a time; only who asks for a layer first waits, for a second at most.
 */
export class WritableLayers {
  readonly #deps: WritableLayersDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #walks = new Semaphore(WALKS);
  readonly #stop = new AbortController();

  constructor(deps: WritableLayersDeps) {
    this.#deps = deps;
  }

  async usage(record: ContainerRecord, signal?: AbortSignal): Promise<MeasuredLayer | undefined> {
    const known = this.#entries.get(record.id);
    if (known !== undefined && this.#deps.clock.nowNs() < known.freshUntil) return known.layer;
    const measuring = this.#measure(record);
    if (known !== undefined) return known.layer;
    await firstOf(measuring, signal);
    return this.#entries.get(record.id)?.layer;
  }

  /** Forgets the layers of containers that no longer exist. */
  retain(exists: (id: string) => boolean): void {
    for (const id of this.#entries.keys()) if (!exists(id)) this.#entries.delete(id);
  }

  /** Ends what is being measured. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running.values());
  }

  /** One measurement of a layer at a time. Never rejects. */
  #measure(record: ContainerRecord): Promise<void> {
    const running = this.#running.get(record.id);
    if (running !== undefined || this.#stop.signal.aborted) return running ?? Promise.resolve();
    const walk = this.#walk(record).finally(() => this.#running.delete(record.id));
    this.#running.set(record.id, walk);
    return walk;
  }

  async #walk(record: ContainerRecord): Promise<void> {
    const { clock, logger } = this.#deps;
    try {
      using _place = await this.#walks.acquire(this.#stop.signal);
      const begun = clock.nowNs();
      const layer = await this.#askMeter(record);
      const ended = clock.nowNs();
      this.#entries.set(record.id, {
        layer: layer === undefined ? undefined : { ...layer, measuredAt: ended },
        freshUntil: ended + max(FRESH_NS, (ended - begun) * SHARE),
      });
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const before = this.#entries.get(record.id)?.layer;
      this.#entries.set(record.id, { layer: before, freshUntil: clock.nowNs() + FRESH_NS });
      logger.warn('a writable layer could not be measured', {
        container: record.id,
        error: describeError(error),
      });
    }
  }

  async #askMeter(record: ContainerRecord): Promise<LayerUsage | undefined> {
    const operation = `measuring the writable layer of ${record.id}`;
    return await withDeadline(operation, LONGEST_WALK_MS, this.#stop.signal, (signal) =>
      this.#deps.meter.usage(record, signal),
    );
  }
}

/** Waits for the work, but not longer than for a first answer. */
async function firstOf(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  const done = new AbortController();
  const waiting = signal === undefined ? done.signal : AbortSignal.any([done.signal, signal]);
  const timer = sleep(FIRST_ANSWER_MS, waiting).catch(() => undefined); // the work was sooner, or the caller left
  await Promise.race([work, timer]);
  done.abort();
  signal?.throwIfAborted();
}

const max = (one: bigint, other: bigint): bigint => (one > other ? one : other);
