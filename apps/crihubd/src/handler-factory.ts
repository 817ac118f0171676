import type { Config, DefaultResources, HandlerConfig } from '@crihub/config';
import type { Resources } from '@crihub/contract';
import type { Experiment, Handler, Routing } from '@crihub/hub';
import { Semaphore } from '@crihub/kernel';
import type { PodNetwork } from '@crihub/service-network';
import { type BackendDependencies, makeBackend } from './backends.ts';
import { HandlerNetwork } from './network-adapter.ts';

export interface HandlerFactoryDeps {
  readonly backend: BackendDependencies;
  readonly network: PodNetwork;
}

/** The kernel's usual length of the periods in which CPU time is counted; in µs. */
const CPU_PERIOD_US = 100_000;

/** Makes what the names of the configuration stand for. */
export class HandlerFactory {
  readonly #deps: HandlerFactoryDeps;
  readonly #made = new Map<string, Handler>();

  constructor(deps: HandlerFactoryDeps) {
    this.#deps = deps;
  }

  /**
   * A handler that was made before keeps its backend, and gets the rest anew.
   * @throws InvalidArgument for options that a backend does not take.
   */
  async routing(config: Config): Promise<Routing> {
    const handlers = await Promise.all(
      Object.entries(config.handlers).map(([name, handler]) => this.#handler(name, handler, config)),
    );
    const experiments = Object.entries(config.experiments).map(
      ([name, { arms, unit, salt, excludedTo, enabled }]): Experiment => ({
        ...{ name, shares: arms, unit, enabled, salt: salt ?? name },
        ...(excludedTo === undefined ? {} : { excludedTo }),
      }),
    );
    return { handlers, experiments, defaultHandler: config.defaultHandler };
  }

  /** What `routing` made is in force: from now on these are the handlers to keep. */
  keep({ handlers }: Routing): void {
    this.#made.clear();
    for (const handler of handlers) this.#made.set(handler.name, handler);
  }

  async #handler(name: string, handler: HandlerConfig, config: Config): Promise<Handler> {
    const { fallback, defaultOverhead, defaultResources, maxConcurrentCreations } = handler;
    const made = this.#made.get(name);
    const { backend: deps, network } = this.#deps;
    const logger = deps.logger.child({ handler: name });
    const admission = made?.admission ?? new Semaphore(maxConcurrentCreations);
    admission.limit = maxConcurrentCreations;
    return {
      name,
      backend: made?.backend ?? (await makeBackend(name, config, { ...deps, logger })),
      network: new HandlerNetwork({ confDirectory: handler.cniConfDirectory }, { network }),
      admission,
      timeouts: {
        createSandboxMs: handler.createTimeoutSeconds * 1000,
        createContainerMs: handler.createTimeoutSeconds * 1000,
        callMs: handler.callTimeoutSeconds * 1000,
      },
      defaults: { overhead: resourcesOf(defaultOverhead), resources: resourcesOf(defaultResources) },
      ...(fallback === undefined ? {} : { fallback: fallback.handler }),
      allowWeakerFallback: fallback?.allowWeakerIsolation ?? false,
    };
  }
}

function resourcesOf({ cpus, memory, pids }: DefaultResources = {}): Resources {
  return {
    ...(cpus === undefined
      ? {}
      : { cpuPeriodUs: CPU_PERIOD_US, cpuQuotaUs: Math.round(cpus * CPU_PERIOD_US) }),
    ...(memory === undefined ? {} : { memoryLimitBytes: memory }),
    ...(pids === undefined ? {} : { pidsLimit: pids }),
  };
}
