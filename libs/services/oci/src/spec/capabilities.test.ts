import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_CAPABILITIES, containerCapabilities, DEFAULT_CAPABILITIES } from './capabilities.ts';

interface Wish {
  readonly privileged?: boolean;
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
  readonly addAmbient?: readonly string[];
}

const wish = ({ privileged = false, add = [], drop = [], addAmbient = [] }: Wish) => ({
  privileged,
  capabilities: { add, drop, addAmbient },
});
const without = (list: readonly string[], ...names: string[]): readonly string[] =>
  list.filter((name) => !names.includes(name));

describe('containerCapabilities', () => {
  it.each<[string, Wish, readonly string[]]>([
    ['the default set for who asks for nothing', {}, DEFAULT_CAPABILITIES],
    ['what is added', { add: ['NET_ADMIN'] }, [...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN']],
    [
      'what is added with its prefix, in small letters',
      { add: ['cap_net_admin'] },
      [...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN'],
    ],
    ['an added default once', { add: ['KILL'] }, DEFAULT_CAPABILITIES],
    ['not what is dropped', { drop: ['MKNOD'] }, without(DEFAULT_CAPABILITIES, 'CAP_MKNOD')],
    ['nothing after dropping all', { drop: ['ALL'] }, []],
    ['only what is added to nothing', { drop: ['all'], add: ['KILL'] }, ['CAP_KILL']],
    ['everything', { add: ['ALL'] }, ALL_CAPABILITIES],
    ['everything but', { add: ['ALL'], drop: ['SYS_ADMIN'] }, without(ALL_CAPABILITIES, 'CAP_SYS_ADMIN')],
    ['the named one of all added and all dropped', { add: ['ALL', 'KILL'], drop: ['ALL'] }, ['CAP_KILL']],
    ['everything for a privileged container', { privileged: true, drop: ['ALL'] }, ALL_CAPABILITIES],
  ])('gives %s', (_sentence, asked, expected) => {
    const sets = containerCapabilities(wish(asked), { capabilities: ALL_CAPABILITIES });
    expect(sets).toEqual({
      bounding: expected,
      effective: expected,
      permitted: expected,
      inheritable: [],
      ambient: [],
    });
  });

  it('makes ambient capabilities permitted and inheritable too, else the kernel refuses them', () => {
    const asked = wish({ drop: ['ALL'], addAmbient: ['NET_BIND_SERVICE'] });
    const only = ['CAP_NET_BIND_SERVICE'];
    expect(containerCapabilities(asked, { capabilities: ALL_CAPABILITIES })).toEqual({
      bounding: only,
      effective: only,
      permitted: only,
      inheritable: only,
      ambient: only,
    });
  });

  it.each(['NET_ADMON', '', 'CAP_'])('refuses the unknown name "%s"', (name) => {
    expect(() => containerCapabilities(wish({ add: [name] }), { capabilities: [] })).toThrow(
      `unknown capability "${name}"`,
    );
  });

  it('never asks for what the host lacks, whatever is asked for', () => {
    const short = ALL_CAPABILITIES.map((name) => name.slice('CAP_'.length));
    const names = fc.subarray([...short, 'ALL']);
    fc.assert(
      fc.property(
        fc.record({ privileged: fc.boolean(), add: names, drop: names, addAmbient: names }),
        fc.subarray([...ALL_CAPABILITIES]),
        (asked, host) => {
          const sets = containerCapabilities(wish(asked), { capabilities: host });
          for (const set of Object.values(sets) as readonly (readonly string[])[]) {
            expect(host).toEqual(expect.arrayContaining([...set]));
            expect(new Set(set).size).toBe(set.length);
          }
        },
      ),
    );
  });
});
