import type { TrialFootprint } from '@crihub/experiment/compare';
import { type Clock, describeError, type Logger } from '@crihub/kernel';
import type { PhaseMeasurement, PhaseObserver } from '../lifecycle/phases.ts';
import type { MeasurementStore, Retention, TrialEntry } from './measurement-store.ts';

const PRUNE_MS = 3_600_000;
/** Between two complaints about a database that can't be written. */
const COMPLAIN_MS = 60_000;

export interface MeasurementJournalDeps {
  readonly store: MeasurementStore;
  readonly observer: PhaseObserver;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Writes down what was measured, and tells the metrics. What can't be written is lost, and no operation fails of it. */
export class MeasurementJournal implements PhaseObserver {
  readonly #deps: MeasurementJournalDeps;
  #retention: Retention;
  #prunedAt = -Infinity;
  #complainedAt = -Infinity;

  constructor(retention: Retention, deps: MeasurementJournalDeps) {
    this.#retention = retention;
    this.#deps = deps;
  }

  set retention(retention: Retention) {
    this.#retention = retention;
    this.#prunedAt = -Infinity;
  }

  observe(measurement: PhaseMeasurement): void {
    this.#deps.observer.observe(measurement);
    this.#write((store, now) => store.addPhase(now, measurement));
  }

  tookPart(entry: Omit<TrialEntry, 'at'>): void {
    this.#write((store, now) => store.addPod({ ...entry, at: now }));
  }

  footprint(footprint: Omit<TrialFootprint, 'at'>): void {
    this.#write((store, now) => store.addFootprint({ ...footprint, at: now }));
  }

  #write(write: (store: MeasurementStore, now: number) => void): void {
    const { store, clock, logger } = this.#deps;
    const now = Number(clock.nowNs() / 1_000_000n);
    try {
      write(store, now);
      if (performance.now() - this.#prunedAt < PRUNE_MS) return;
      this.#prunedAt = performance.now();
      const isMore = store.prune(now, this.#retention);
      if (isMore) this.#prunedAt = -Infinity;
    } catch (error) {
      if (performance.now() - this.#complainedAt < COMPLAIN_MS) return;
      this.#complainedAt = performance.now();
      logger.warn('measurements can not be written and are lost', { error: describeError(error) });
    }
  }
}
