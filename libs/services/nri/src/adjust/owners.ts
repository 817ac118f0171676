import { RuntimeError } from '@crihub/kernel';
import { type FieldOwners, Field, OwningPlugins } from '@crihub/wire/nri';
import type { Claim } from './claim.ts';

interface Owner {
  readonly plugin: string;
  readonly change: 'set' | 'remove';
}

const NAMES = new Map<number, string>(Object.entries(Field).map(([name, number]) => [number, name]));
const REMOVAL_MARK = '-';

/** Which plugin changed what, within one request; two that set the same are a conflict. */
export class Owners {
  readonly #containers = new Map<string, Map<Field, Map<string | undefined, Owner>>>();

  /** @throws FailedPrecondition if another plugin has set it. */
  claim(
    container: string,
    claims: readonly Pick<Claim<never>, 'field' | 'key' | 'change'>[],
    plugin: string,
  ): void {
    // What a plugin removes is free for it to set, in whatever order it lists both.
    for (const change of ['remove', 'set'] as const)
      for (const claim of claims) if (claim.change === change) this.#claim(container, claim, plugin);
  }

  #claim(
    container: string,
    { field, key, change }: Pick<Claim<never>, 'field' | 'key' | 'change'>,
    plugin: string,
  ): void {
    const owners = this.#ownersOf(container, field);
    const owner = owners.get(key);
    if (change === 'set' && owner !== undefined && owner.plugin !== plugin)
      throw conflict(plugin, owner, field, key);
    if (change === 'set' && owner?.change === 'set') throw conflict(plugin, owner, field, key);
    owners.set(key, { plugin, change });
  }

  render(): OwningPlugins {
    const owners = [...this.#containers].map(([id, fields]) => [id, renderFields(fields)] as const);
    return OwningPlugins.create({ owners: Object.fromEntries(owners) });
  }

  #ownersOf(container: string, field: Field): Map<string | undefined, Owner> {
    const fields = this.#containers.get(container) ?? new Map<Field, Map<string | undefined, Owner>>();
    this.#containers.set(container, fields);
    const owners = fields.get(field) ?? new Map<string | undefined, Owner>();
    fields.set(field, owners);
    return owners;
  }
}

function renderFields(fields: ReadonlyMap<Field, ReadonlyMap<string | undefined, Owner>>): FieldOwners {
  const simple: Record<number, string> = {};
  const compound: Record<number, { owners: Record<string, string> }> = {};
  for (const [field, owners] of fields)
    for (const [key, { plugin, change }] of owners) {
      const name = change === 'remove' ? `${REMOVAL_MARK}${plugin}` : plugin;
      if (key === undefined) simple[field] = name;
      else (compound[field] ??= { owners: {} }).owners[key] = name;
    }
  return { simple, compound };
}

function conflict(plugin: string, owner: Owner, field: Field, key: string | undefined): RuntimeError {
  const what = [NAMES.get(field) ?? String(field), ...(key === undefined ? [] : [key])].join(' ');
  return new RuntimeError('FailedPrecondition', `plugins ${owner.plugin} and ${plugin} both set ${what}`);
}
