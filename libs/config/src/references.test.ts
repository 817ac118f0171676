import { describe, expect, it } from 'vitest';
import { parseConfig } from './load.ts';

const parse = (handlers: string): ReturnType<typeof parseConfig> =>
  parseConfig(`handlers:\n  runc: { backend: runc }\n${handlers}`, 'c.yaml');

describe('handlers of the configuration', () => {
  it('may be experiments, which are kept apart', () => {
    const { handlers, experiments } = parse(
      '  crun: { backend: runc, runtime: crun }\n  trial: { experiment: { arms: { runc: 1, crun: 2 }, unit: workload } }',
    );
    expect(Object.keys(handlers)).toEqual(['runc', 'crun']);
    expect(experiments).toEqual({
      trial: { arms: { runc: 1, crun: 2 }, unit: 'workload', enabled: true },
    });
  });

  it('have default resources in the units of Kubernetes', () => {
    const { handlers } = parse('  small: { backend: runc, defaultResources: { cpus: 0.5, memory: 64Mi } }');
    expect(handlers['small']?.defaultResources).toEqual({ cpus: 0.5, memory: 64 * 2 ** 20 });
  });

  it.each([
    [
      'an arm that there is not',
      'x: { experiment: { arms: { none: 1 } } }',
      "handlers.x.experiment.arms is 'none'",
    ],
    [
      'an experiment as an arm',
      'a: { experiment: { arms: { runc: 1 } } }\n  b: { experiment: { arms: { a: 1 } } }',
      "handlers.b.experiment.arms is 'a'",
    ],
    ['an experiment without arms', 'x: { experiment: { arms: {} } }', 'at least one arm with a share'],
    [
      'a negative share',
      'x: { experiment: { arms: { runc: -1 } } }',
      'handlers.x.experiment.arms.runc is -1',
    ],
    [
      'a strange unit',
      'x: { experiment: { arms: { runc: 1 }, unit: day } }',
      'handlers.x.experiment.unit is "day"',
    ],
    ['a handler without backend', 'x: { fallback: { handler: runc } }', 'handlers.x.backend is missing'],
    [
      'a fallback to nowhere',
      'x: { backend: runc, fallback: { handler: y } }',
      "handlers.x.fallback.handler is 'y'",
    ],
    [
      'fallbacks in a circle',
      'x: { backend: runc, fallback: { handler: y } }\n  y: { backend: runc, fallback: { handler: x } }',
      'handlers.x.fallback comes back to itself: x → y → x',
    ],
    [
      'a strange size',
      'x: { backend: runc, defaultResources: { memory: 1GB } }',
      'bytes, or a number with Ki, Mi or Gi',
    ],
  ])('are refused with %s', (_what, line, message) => {
    expect(() => parse(`  ${line}`)).toThrow(message);
  });
});
