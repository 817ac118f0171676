import { RuntimeError } from '@crihub/kernel';
import { type Experiment, isExperiment } from './experiment.ts';
import type { Handler, SandboxNetwork } from './handler.ts';

/** What the names that a RuntimeClass can give stand for. */
export interface Routing {
  readonly handlers: readonly Handler[];
  readonly experiments: readonly Experiment[];
  /** Of pods that name none; a handler or an experiment. */
  readonly defaultHandler: string;
}

/** The routing in force. It is replaced as a whole, while pods live. */
export class Handlers {
  #routing: Routing;

  constructor(routing: Routing) {
    this.#routing = routing;
  }

  replace(routing: Routing): void {
    this.#routing = routing;
  }

  get routing(): Routing {
    return this.#routing;
  }

  get defaultName(): string {
    return this.#routing.defaultHandler;
  }

  all(): readonly Handler[] {
    return this.#routing.handlers;
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  experiments(): readonly Experiment[] {
    return this.#routing.experiments;
  }

  /** What a pod's `runtime_handler` names. @throws InvalidArgument naming those that exist. */
  find(runtimeHandler: string): Handler | Experiment {
    const name = runtimeHandler === '' ? this.defaultName : runtimeHandler;
    const targets = [...this.all(), ...this.experiments()];
    const target = targets.find((candidate) => candidate.name === name);
    if (target !== undefined) return target;
    throw new RuntimeError(
      'InvalidArgument',
      `runtime handler '${runtimeHandler}' is not configured on this node; there are: ${targets.map((one) => one.name).join(', ')}`,
    );
  }

  /** Of pods that name no handler; an experiment's first arm stands for all of them. */
  networkOfDefault(): SandboxNetwork {
    const target = this.find('');
    return isExperiment(target) ? this.named(Object.keys(target.shares)[0] ?? '').network : target.network;
  }

  /** @throws InvalidArgument naming those that exist. */
  named(name: string): Handler {
    const handler = this.#get(name);
    if (handler !== undefined) return handler;
    const experiment = this.experiments().find((one) => one.name === name);
    if (experiment !== undefined)
      throw new RuntimeError(
        'InvalidArgument',
        `'${name}' is an experiment and no handler; its arms are: ${Object.keys(experiment.shares).join(', ')}`,
      );
    throw new RuntimeError(
      'InvalidArgument',
      `there is no handler '${name}' on this node; there are: ${this.all()
        .map((one) => one.name)
        .join(', ')}`,
    );
  }

  /** The handler that a pod was given. @throws Unavailable if the configuration has it no more. */
  of(record: { readonly handler: string; readonly id: string }): Handler {
    const handler = this.#get(record.handler);
    if (handler !== undefined) return handler;
    throw new RuntimeError(
      'Unavailable',
      `pod sandbox ${record.id} belongs to handler '${record.handler}', which the configuration no longer has: put it back`,
      { id: record.id },
    );
  }

  #get(name: string): Handler | undefined {
    return this.all().find((handler) => handler.name === name);
  }
}
