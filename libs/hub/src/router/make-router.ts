import type { Logger } from '@crihub/kernel';
import type { MeasurementJournal } from '../measurements/measurement-journal.ts';
import type { Settings } from '../records/settings.ts';
import { Admission } from './admission.ts';
import { Drains } from './drains.ts';
import type { Handlers } from './handlers.ts';
import type { HealthMonitor } from './health-monitor.ts';
import { PlacementJournal, type PlacementObserver } from './placement-journal.ts';
import { Router } from './router.ts';

export interface RouterParts {
  readonly drains: Drains;
  readonly router: Router;
  readonly placements: PlacementJournal;
}

/** What decides on the handler of a pod, and what writes that down. */
export function makeRouter(deps: {
  readonly handlers: Handlers;
  readonly health: HealthMonitor;
  readonly settings: Settings;
  readonly journal: MeasurementJournal;
  readonly observer: PlacementObserver;
  readonly logger: Logger;
}): RouterParts {
  const drains = new Drains(deps.settings);
  const admission = new Admission({ ...deps, drains });
  return { drains, router: new Router({ ...deps, admission }), placements: new PlacementJournal(deps) };
}
