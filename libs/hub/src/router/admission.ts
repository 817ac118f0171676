import { describeError, kindOf, RuntimeError } from '@crihub/kernel';
import type { Refusal } from '../records/placement.ts';
import { checkSandboxCapabilities, type SandboxWants } from './check-capabilities.ts';
import type { Drains } from './drains.ts';
import type { Handler } from './handler.ts';
import type { HealthMonitor } from './health-monitor.ts';

export interface AdmissionDeps {
  readonly health: Pick<HealthMonitor, 'capabilitiesOf'>;
  readonly drains: Pick<Drains, 'has'>;
}

/** Why a handler does not take a pod, and the error that says so. */
export interface Refused extends Refusal {
  readonly error: unknown;
}

/** Whether a handler takes a pod now. It is asked before anything of the pod exists. */
export class Admission {
  readonly #deps: AdmissionDeps;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
  }

  /** @returns undefined if it does. */
  refusal({ name }: Handler, wants: SandboxWants): Refused | undefined {
    try {
      if (this.#deps.drains.has(name)) throw drained(name);
      checkSandboxCapabilities(name, this.#deps.health.capabilitiesOf(name), wants);
      return undefined;
    } catch (error) {
      return { handler: name, reason: this.#reason(name, error), message: describeError(error), error };
    }
  }

  #reason(name: string, error: unknown): Refusal['reason'] {
    if (this.#deps.drains.has(name)) return 'Drained';
    return kindOf(error) === 'Unavailable' ? 'Unhealthy' : 'Unsupported';
  }
}

const drained = (name: string): RuntimeError =>
  new RuntimeError(
    'Unavailable',
    `handler '${name}' is drained and takes no new pods; 'crihub undrain ${name}' lets it`,
  );
