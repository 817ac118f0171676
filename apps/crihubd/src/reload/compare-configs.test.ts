import { parseConfig } from '@crihub/config';
import { describe, expect, it } from 'vitest';
import { compareConfigs } from './compare-configs.ts';

const BEFORE = `
handlers:
  runc: { backend: runc }
  crun: { backend: runc, runtime: crun }
  trial: { experiment: { arms: { runc: 90, crun: 10 } } }
`;

const compare = (after: string): ReturnType<typeof compareConfigs> =>
  compareConfigs(parseConfig(BEFORE, 'old'), parseConfig(after, 'new'));

describe('a new configuration', () => {
  it.each([
    ['nothing', BEFORE, [], []],
    ['the shares of an experiment', BEFORE.replace('crun: 10', 'crun: 30'), ['experiments'], []],
    ['the log level', `${BEFORE}\nlogLevel: debug`, ['logLevel'], []],
    ['the default', `${BEFORE}\ndefaultHandler: trial`, ['defaultHandler'], []],
    ['another handler', `${BEFORE}  again: { backend: runc }`, ['handlers.again'], []],
    [
      'the admission of a handler',
      BEFORE.replace('{ backend: runc }', '{ backend: runc, maxConcurrentCreations: 3 }'),
      ['handlers.runc.maxConcurrentCreations'],
      [],
    ],
    [
      'the runtime of a handler',
      BEFORE.replace('runtime: crun', 'runtime: youki'),
      [],
      ['handlers.crun.runtime'],
    ],
    ['the socket', `${BEFORE}\nsocket: /run/other.sock`, [], ['socket']],
  ])('that changes %s', (_what, after, applied, needsRestart) => {
    expect(compare(after)).toMatchObject({ applied, needsRestart });
  });

  it('is in force but for what needs a restart', () => {
    const text = BEFORE.replace('runtime: crun', 'runtime: youki, maxConcurrentCreations: 2');
    const { config } = compare(`${text}\nlogLevel: debug\nsocket: /run/other.sock`);
    expect(config.handlers['crun']).toMatchObject({ runtime: 'crun', maxConcurrentCreations: 2 });
    expect(config).toMatchObject({ logLevel: 'debug', socket: '/run/crihub/crihub.sock' });
  });

  it('may lack a handler', () => {
    const text = 'handlers: { runc: { backend: runc } }';
    expect(compare(text)).toMatchObject({ applied: ['experiments', 'handlers.crun'], needsRestart: [] });
    expect(Object.keys(compare(text).config.handlers)).toEqual(['runc']);
  });
});
