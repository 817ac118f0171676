import { isWeaker, type Sandbox } from '@crihub/contract';
import { drawArm, unitKey } from '@crihub/experiment';
import type { Placement, Refusal } from '../records/placement.ts';
import type { Admission, Refused } from './admission.ts';
import { type Experiment, isExperiment } from './experiment.ts';
import type { Handler } from './handler.ts';
import type { Handlers } from './handlers.ts';

type PlacedPod = Pick<Sandbox, 'metadata' | 'labels' | 'namespaces' | 'security'>;

export interface Placed {
  readonly handler: Handler;
  readonly placement: Placement;
}

/** Chooses the handler of a new pod. */
export class Router {
  readonly #handlers: Handlers;
  readonly #admission: Pick<Admission, 'refusal'>;

  constructor(deps: { readonly handlers: Handlers; readonly admission: Pick<Admission, 'refusal'> }) {
    this.#handlers = deps.handlers;
    this.#admission = deps.admission;
  }

  /** @throws InvalidArgument for an unknown name; else why no handler takes the pod. */
  place(runtimeHandler: string, pod: PlacedPod): Placed {
    const target = this.#handlers.find(runtimeHandler);
    return isExperiment(target) ? this.#draw(target, pod) : this.#request(target, pod);
  }

  /** The handler asked for, or the first of those that may stand in for it. */
  #request(asked: Handler, pod: PlacedPod): Placed {
    const refusals: Refusal[] = [];
    let first: Refused | undefined;
    for (const handler of this.#chain(asked)) {
      const refused = this.#admission.refusal(handler, pod) ?? weaker(handler, asked);
      if (refused === undefined) return { handler, placement: { by: 'request', refusals } };
      first ??= refused;
      refusals.push(told(refused));
    }
    throw first?.error;
  }

  *#chain(asked: Handler): Generator<Handler> {
    const seen = new Set<string>();
    let handler: Handler | undefined = asked;
    while (handler !== undefined && !seen.has(handler.name)) {
      yield handler;
      seen.add(handler.name);
      handler = handler.fallback === undefined ? undefined : this.#handlers.named(handler.fallback);
    }
  }

  /** A pod that some arm could not take is no part of a fair comparison, so it is not drawn. */
  #draw(experiment: Experiment, pod: PlacedPod): Placed {
    const { name, shares, unit, salt } = experiment;
    const refused = this.#exclusions(experiment, pod);
    if (refused.length > 0) return this.#exclude(experiment, pod, refused);
    const key = unitKey(unit, pod);
    const handler = this.#handlers.named(drawArm(salt, key, shares));
    return { handler, placement: { by: 'draw', experiment: name, unit, key } };
  }

  #exclusions({ name, shares, enabled }: Experiment, pod: PlacedPod): readonly Refusal[] {
    if (!enabled) return [{ handler: name, reason: 'Stopped', message: `experiment '${name}' is stopped` }];
    return Object.entries(shares)
      .filter(([, share]) => share > 0)
      .flatMap(([arm]) => this.#admission.refusal(this.#handlers.named(arm), pod) ?? [])
      .map(told);
  }

  #exclude({ name, shares, excludedTo }: Experiment, pod: PlacedPod, refusals: readonly Refusal[]): Placed {
    const candidates = [...(excludedTo === undefined ? [] : [excludedTo]), ...Object.keys(shares)];
    let first: Refused | undefined;
    for (const candidate of new Set(candidates)) {
      const handler = this.#handlers.named(candidate);
      const refused = this.#admission.refusal(handler, pod);
      if (refused === undefined)
        return { handler, placement: { by: 'exclusion', experiment: name, refusals } };
      first ??= refused;
    }
    throw first?.error;
  }
}

/** Less isolation than the pod was promised is worse than none of it, unless an operator said otherwise. */
function weaker(handler: Handler, asked: Handler): Refused | undefined {
  const [given, promised] = [handler.backend.isolation, asked.backend.isolation];
  if (handler === asked || asked.allowWeakerFallback || !isWeaker(given, promised)) return undefined;
  const message = `handler '${handler.name}' isolates by ${given}, '${asked.name}' by ${promised}`;
  return { handler: handler.name, reason: 'WeakerIsolation', message, error: new Error(message) };
}

const told = ({ handler, reason, message }: Refusal): Refusal => ({ handler, reason, message });
