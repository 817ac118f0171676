import type { Resources } from '@crihub/contract';
import { type ContainerId, parseContainerId } from '@crihub/kernel';
import type { ContainerEviction, ContainerUpdate as WireUpdate } from '@crihub/wire/nri';
import type { ContainerUpdate, Eviction } from '../model.ts';
import { invalid } from './claim.ts';
import type { Owners } from './owners.ts';
import { resourceClaims } from './resource-claims.ts';

/** What plugins want to change in containers that exist, one update for each, free of conflicts. */
export class Updates {
  readonly #owners: Owners;
  readonly #updates = new Map<ContainerId, ContainerUpdate>();
  readonly #evictions: Eviction[] = [];

  constructor(owners: Owners) {
    this.#owners = owners;
  }

  /** @throws FailedPrecondition for a conflict with another plugin, InvalidArgument, Unimplemented. */
  add(plugin: string, updates: readonly WireUpdate[], evictions: readonly ContainerEviction[] = []): void {
    for (const update of updates) this.#add(plugin, update);
    for (const { containerId, reason } of evictions) this.#evictions.push({ id: idOf(containerId), reason });
  }

  /** Takes the update of one container out of the others. */
  take(id: ContainerId): Resources {
    const update = this.#updates.get(id);
    this.#updates.delete(id);
    return update?.resources ?? {};
  }

  get requests(): { readonly updates: readonly ContainerUpdate[]; readonly evictions: readonly Eviction[] } {
    return { updates: [...this.#updates.values()], evictions: this.#evictions };
  }

  #add(plugin: string, { containerId, linux, ignoreFailure }: WireUpdate): void {
    const id = idOf(containerId);
    const before = this.#updates.get(id) ?? { id, resources: {}, ignoreFailure: true };
    const claims = resourceClaims(linux?.resources);
    this.#owners.claim(id, claims, plugin);
    const resources = claims.reduce((sum, claim) => claim.apply(sum), before.resources);
    this.#updates.set(id, { id, resources, ignoreFailure: before.ignoreFailure && ignoreFailure });
  }
}

function idOf(text: string): ContainerId {
  const id = parseContainerId(text);
  if (id === undefined) throw invalid(`'${text}' is no id of a container`);
  return id;
}
