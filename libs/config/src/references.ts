import type { Config, HandlerConfig } from './schema.ts';

/** Names of handlers that the configuration uses and does not have, a sentence each. */
export function referenceMistakes(config: Config): readonly string[] {
  const { handlers, experiments, defaultHandler } = config;
  const names = Object.keys(handlers);
  const unknown = (setting: string, name: string | undefined): string[] =>
    name === undefined || Object.hasOwn(handlers, name)
      ? []
      : [`${setting} is '${name}', which is not among the handlers: ${names.join(', ')}`];
  return [
    ...(Object.hasOwn(experiments, defaultHandler) ? [] : unknown('defaultHandler', defaultHandler)),
    ...Object.entries(experiments).flatMap(([name, { arms, excludedTo }]) => [
      ...Object.keys(arms).flatMap((arm) => unknown(`handlers.${name}.experiment.arms`, arm)),
      ...unknown(`handlers.${name}.experiment.excludedTo`, excludedTo),
    ]),
    ...Object.entries(handlers).flatMap(([name, handler]) => [
      ...unknown(`handlers.${name}.fallback.handler`, handler.fallback?.handler),
      ...circleFrom(name, handlers),
    ]),
  ];
}

/** A chain of fallbacks that comes back to where it began. */
function circleFrom(start: string, handlers: Readonly<Record<string, HandlerConfig>>): readonly string[] {
  const chain = [start];
  for (;;) {
    const next = handlers[chain.at(-1) ?? '']?.fallback?.handler;
    if (next === start)
      return [`handlers.${start}.fallback comes back to itself: ${[...chain, start].join(' → ')}`];
    if (next === undefined || chain.includes(next)) return [];
    chain.push(next);
  }
}
