import type { Logger } from '@crihub/kernel';
import type { MeasurementJournal } from '../measurements/measurement-journal.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';

/** Names a trial by which pods are compared that a client spread over handlers itself: `crihub bench`. */
export const TRIAL_ANNOTATION = 'crihub.io/trial';

/** Counts what became of pods; implemented by the metrics. */
export interface PlacementObserver {
  /** A handler took a pod in place of the one that was asked for. */
  fellBack(from: string, to: string, reason: string): void;
  /** An arm kept a pod from taking part in an experiment. */
  excluded(experiment: string, handler: string, reason: string): void;
}

export interface PlacementJournalDeps {
  readonly journal: Pick<MeasurementJournal, 'tookPart'>;
  readonly observer: PlacementObserver;
  readonly logger: Logger;
}

/** Writes down why a pod is where it is, once it was decided. */
export class PlacementJournal {
  readonly #deps: PlacementJournalDeps;

  constructor(deps: PlacementJournalDeps) {
    this.#deps = deps;
  }

  placed({ id, handler, sandbox, placement }: SandboxRecord): void {
    const { journal, observer, logger } = this.#deps;
    const { namespace, name } = sandbox.metadata;
    switch (placement?.by) {
      case 'draw': {
        const { experiment, key } = placement;
        journal.tookPart({ pod: id, experiment, unit: key, arm: handler, exclusions: [] });
        break;
      }
      case 'exclusion': {
        const { experiment, refusals } = placement;
        journal.tookPart({ pod: id, experiment, unit: `${namespace}/${name}`, exclusions: refusals });
        for (const refusal of refusals) observer.excluded(experiment, refusal.handler, refusal.reason);
        logger.info('pod takes no part in the experiment', { sandbox: id, experiment, handler, refusals });
        break;
      }
      case 'request': {
        const { refusals } = placement;
        const [first] = refusals;
        if (first !== undefined) {
          observer.fellBack(first.handler, handler, first.reason);
          logger.warn('pod falls back to another handler', { sandbox: id, handler, refusals });
        }
        const trial = sandbox.annotations[TRIAL_ANNOTATION];
        if (trial !== undefined) {
          // The prefix keeps it apart from the experiments of the configuration.
          const entry = { experiment: `trial/${trial}`, unit: `${namespace}/${name}` };
          journal.tookPart({ pod: id, ...entry, arm: handler, exclusions: [] });
        }
        break;
      }
      case undefined:
        break;
    }
  }
}
