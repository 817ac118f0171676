import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Experiment as ExperimentMessage, MeasurementsResponse } from '@crihub/wire/admin';
import type { MeasurementStore } from '../../measurements/measurement-store.ts';
import type { Handlers } from '../../router/handlers.ts';
import { required } from '../parse/check.ts';
import type { HubHandlers } from '../server/index.ts';

export interface AdminExperimentDeps {
  readonly handlers: Handlers;
  readonly store: MeasurementStore;
}

type ExperimentMethods = Pick<HubHandlers['admin'], 'Experiments' | 'Measurements'>;

/** Rows in one message. */
const PIECE = 500;

/** The operator's RPCs about experiments. */
export function adminExperimentMethods(deps: AdminExperimentDeps): ExperimentMethods {
  const { store } = deps;
  return {
    Experiments: async () => ({ experiments: renderExperiments(deps) }),
    Measurements: async function* ({ experiment }) {
      const name = required(experiment, 'experiment');
      for await (const pods of pieces(store.pods(name))) {
        const rendered = pods.map(({ pod, arm = '', exclusions, ...rest }) => ({
          ...rest,
          ...{ podSandboxId: pod, at: BigInt(rest.at), arm },
          exclusions: exclusions.map((exclusion) => ({ ...exclusion, message: '' })),
        }));
        yield MeasurementsResponse.create({ pods: rendered });
      }
      for await (const phases of pieces(store.phases(name))) {
        yield MeasurementsResponse.create({
          phases: phases.map(({ pod, failure = '', ...rest }) => ({ ...rest, podSandboxId: pod, failure })),
        });
      }
      for await (const footprints of pieces(store.footprints(name))) {
        const rendered = footprints.map(({ pod, ...rest }) => ({
          ...{ ...rest, podSandboxId: pod, at: BigInt(rest.at) },
          overheadMemoryBytes: BigInt(rest.overheadMemoryBytes),
          workloadMemoryBytes: BigInt(rest.workloadMemoryBytes),
        }));
        yield MeasurementsResponse.create({ footprints: rendered });
      }
    },
  };
}

/** Pieces of a long list; others get a turn between two of them. */
async function* pieces<T>(rows: Iterable<T>): AsyncGenerator<readonly T[]> {
  let piece: T[] = [];
  for (const row of rows) {
    piece.push(row);
    if (piece.length < PIECE) continue;
    yield piece;
    piece = [];
    await nextTurn();
  }
  if (piece.length > 0) yield piece;
}

function renderExperiments({ handlers, store }: AdminExperimentDeps): ExperimentMessage[] {
  const recorded = store.experiments();
  const nothing: ReadonlyMap<string, number> = new Map();
  const configured = handlers.experiments().map(({ name, shares, unit, salt, enabled }) => {
    const pods = recorded.get(name) ?? nothing;
    const removed = [...pods.keys()].filter((arm) => arm !== '' && !Object.hasOwn(shares, arm));
    return {
      ...{ name, configured: true, enabled, unit, salt, excluded: pods.get('') ?? 0 },
      arms: [...Object.keys(shares), ...removed].map((handler) => ({
        ...{ handler, share: shares[handler] ?? 0, pods: pods.get(handler) ?? 0 },
      })),
    };
  });
  const others = [...recorded]
    .filter(([name]) => !configured.some((experiment) => experiment.name === name))
    .map(([name, arms]) => ({
      ...{ name, configured: false, enabled: false, unit: '', salt: '', excluded: arms.get('') ?? 0 },
      arms: [...arms]
        .filter(([handler]) => handler !== '')
        .map(([handler, pods]) => ({ handler, share: 0, pods })),
    }));
  return [...configured, ...others];
}
