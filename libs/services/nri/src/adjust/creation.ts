import type { Container } from '@crihub/contract';
import type { ContainerAdjustment, CreateContainerResponse, OwningPlugins } from '@crihub/wire/nri';
import type { Requests } from '../model.ts';
import { invalid } from './claim.ts';
import { containerClaims } from './container-claims.ts';
import { mergeAdjustments } from './merge.ts';
import { Owners } from './owners.ts';
import { Updates } from './updates.ts';

/** A container in the making, which one plugin after the other adjusts. */
export class Creation {
  readonly #owners = new Owners();
  readonly #updates = new Updates(this.#owners);
  readonly #adjustments: ContainerAdjustment[] = [];
  #container: Container;

  constructor(container: Container) {
    this.#container = container;
  }

  /** As adjusted so far. */
  get container(): Container {
    return this.#container;
  }

  get requests(): Requests {
    return this.#updates.requests;
  }

  get adjustment(): ContainerAdjustment {
    return mergeAdjustments(this.#adjustments);
  }

  get owners(): OwningPlugins {
    return this.#owners.render();
  }

  /** @throws FailedPrecondition for a conflict with an earlier plugin, InvalidArgument, Unimplemented. */
  add(plugin: string, { adjust, update, evict }: CreateContainerResponse): void {
    const claims = containerClaims(adjust);
    this.#owners.claim(this.#container.id, claims, plugin);
    for (const change of ['remove', 'set'] as const)
      for (const claim of claims) if (claim.change === change) this.#container = claim.apply(this.#container);
    if (adjust !== undefined) this.#adjustments.push(adjust);
    if (update.some(({ containerId }) => containerId === this.#container.id))
      throw invalid('it asks to update the container that is being created, and is to adjust it');
    this.#updates.add(plugin, update, evict);
  }
}
