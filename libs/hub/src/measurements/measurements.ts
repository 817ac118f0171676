import type { DatabaseSync } from 'node:sqlite';
import type { Clock, Logger } from '@crihub/kernel';
import type { PhaseObserver } from '../lifecycle/phases.ts';
import type { Records } from '../records/records.ts';
import type { Handlers } from '../router/handlers.ts';
import { EngineShares, type EngineSharesDeps } from './engine-shares.ts';
import { FootprintSampler, type FootprintSamplerDeps } from './footprint-sampler.ts';
import { MeasurementJournal } from './measurement-journal.ts';
import { MeasurementStore, type Retention } from './measurement-store.ts';

export interface MeasurementsDeps {
  readonly database: DatabaseSync;
  readonly records: Records;
  readonly handlers: Pick<Handlers, 'all'>;
  readonly cgroups: FootprintSamplerDeps['cgroups'];
  readonly guests: FootprintSamplerDeps['guests'];
  readonly usageOf: EngineSharesDeps['usageOf'];
  /** Is told of each phase too. */
  readonly observer: PhaseObserver;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is measured of pods, and what is kept of it. */
export class Measurements {
  readonly store: MeasurementStore;
  readonly journal: MeasurementJournal;
  readonly footprints: FootprintSampler;

  constructor(retention: Retention, deps: MeasurementsDeps) {
    this.store = new MeasurementStore(deps.database);
    this.journal = new MeasurementJournal(retention, { ...deps, store: this.store });
    const engines = new EngineShares(deps);
    this.footprints = new FootprintSampler({ ...deps, engines, journal: this.journal });
  }

  start(): void {
    this.footprints.start();
  }

  async close(): Promise<void> {
    await this.footprints.close();
  }
}
