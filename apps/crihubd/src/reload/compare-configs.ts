import { isDeepStrictEqual } from 'node:util';
import type { Config, HandlerConfig } from '@crihub/config';
import type { ReloadOutcome } from '@crihub/hub';

/** Settings that can change while pods live. Of handlers, those below; the rest is their backend's. */
const LIVE = new Set(['logLevel', 'measurements', 'experiments', 'defaultHandler']);
const LIVE_OF_HANDLERS = new Set([
  'cniConfDirectory',
  'maxConcurrentCreations',
  'createTimeoutSeconds',
  'callTimeoutSeconds',
  'fallback',
  'defaultResources',
  'defaultOverhead',
]);

export interface ConfigChange extends ReloadOutcome {
  /** The old configuration with what can change now taken from the new one. */
  readonly config: Config;
}

/** Tells what of a new configuration can be put in force now. */
export function compareConfigs(before: Config, after: Config): ConfigChange {
  const { handlers: oldHandlers, ...oldRest } = before;
  const { handlers: newHandlers, ...newRest } = after;
  const settings = split(oldRest, newRest, LIVE, '');
  const handlers = splitHandlers(oldHandlers, newHandlers);
  return {
    config: { ...settings.merged, handlers: handlers.merged } as Config,
    applied: [...settings.applied, ...handlers.applied],
    needsRestart: [...settings.needsRestart, ...handlers.needsRestart],
  };
}

type Entries = Readonly<Record<string, unknown>>;

interface Split<T> extends ReloadOutcome {
  readonly merged: T;
}

function splitHandlers(before: Config['handlers'], after: Config['handlers']): Split<Config['handlers']> {
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  const parts = Object.entries(after).map(([name, handler]) => {
    const old = before[name];
    const part =
      old === undefined
        ? { merged: handler, applied: [`handlers.${name}`], needsRestart: [] }
        : split(old, handler, LIVE_OF_HANDLERS, `handlers.${name}.`);
    return { name, ...part };
  });
  return {
    merged: Object.fromEntries(parts.map(({ name, merged }) => [name, merged as HandlerConfig])),
    applied: [...parts.flatMap(({ applied }) => applied), ...gone.map((name) => `handlers.${name}`)],
    needsRestart: parts.flatMap(({ needsRestart }) => needsRestart),
  };
}

function split(before: Entries, after: Entries, live: ReadonlySet<string>, prefix: string): Split<Entries> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  const merged = names.map((name) => [name, (live.has(name) ? after : before)[name]] as const);
  return {
    merged: Object.fromEntries(merged.filter(([, value]) => value !== undefined)),
    applied: changed.filter((name) => live.has(name)).map((name) => prefix + name),
    needsRestart: changed.filter((name) => !live.has(name)).map((name) => prefix + name),
  };
}
