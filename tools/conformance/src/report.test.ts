import { describe, expect, it } from 'vitest';
import { readReport } from './report.ts';

const spec = (overrides: object): object => ({
  ContainerHierarchyTexts: ['[k8s.io] Container', 'runtime'],
  LeafNodeType: 'It',
  LeafNodeText: 'should start',
  State: 'passed',
  RunTime: 1_500_000_000,
  ...overrides,
});

const read = (...specs: object[]): ReturnType<typeof readReport> =>
  readReport([{ SpecReports: specs }], (name) => !name.includes('unselected'));

describe('readReport', () => {
  it('names a spec by all its texts and gives its time in seconds', () => {
    expect(read(spec({}))).toEqual([
      { spec: '[k8s.io] Container runtime should start', outcome: 'passed', seconds: 1.5, reason: '' },
    ]);
  });

  it.each([
    { sentence: 'a panic is a failure', State: 'panicked', outcome: 'failed' },
    { sentence: 'a timeout is a failure', State: 'timedout', outcome: 'failed' },
    { sentence: 'an interrupted spec is a failure', State: 'interrupted', outcome: 'failed' },
    { sentence: 'a pending spec is skipped', State: 'pending', outcome: 'skipped' },
  ])('$sentence', ({ State, outcome }) => {
    expect(read(spec({ State }))[0]).toMatchObject({ outcome, reason: State });
  });

  it('puts the reason in one line', () => {
    const Failure = { Message: 'no runtime\n  at all' };
    expect(read(spec({ State: 'skipped', Failure }))[0]?.reason).toBe('no runtime at all');
  });

  it('leaves out what was not selected', () => {
    expect(read(spec({ LeafNodeText: 'unselected' }))).toEqual([]);
  });

  it("reports the suite's own set-up only when it failed", () => {
    const setup = { ContainerHierarchyTexts: null, LeafNodeType: 'BeforeSuite', LeafNodeText: '' };
    expect(read(spec(setup))).toEqual([]);
    expect(read(spec({ ...setup, State: 'failed' }))).toMatchObject([
      { spec: '[BeforeSuite]', outcome: 'failed' },
    ]);
  });
});
