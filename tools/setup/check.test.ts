import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changedFiles } from './generated-code.ts';
import { silentRules } from './lint.ts';
import { missingPackages } from './missing-packages.mjs';
import { runSteps } from './steps.ts';

describe('runSteps', () => {
  it('goes on after a step that fails, and says what failed', async () => {
    const said: string[] = [];
    const steps = [
      { name: 'bad', work: async () => Promise.reject(new Error('no')) },
      { name: 'good', work: async () => Promise.resolve() },
    ];
    const results = await runSteps(steps, 1, (line) => said.push(line));
    expect(results.map(({ failure }) => failure)).toEqual(['no', undefined]);
    expect(said[0]).toContain('✘ bad');
  });
});

describe('changedFiles', () => {
  it('names what was added, removed and changed', () => {
    const before = new Map([
      ['removed', '1'],
      ['same', '1'],
      ['changed', '1'],
    ]);
    const after = new Map([
      ['added', '1'],
      ['same', '1'],
      ['changed', '2'],
    ]);
    expect(changedFiles(before, after)).toEqual(['added', 'changed', 'removed']);
  });
});

describe('silentRules', () => {
  it('names the rules that the report does not mention', () => {
    const report = [{ messages: [{ ruleId: 'no-restricted-imports' }, { ruleId: null }] }];
    expect(silentRules(JSON.stringify(report))).toEqual([
      '@nx/enforce-module-boundaries',
      '@typescript-eslint/no-floating-promises',
    ]);
  });
});

describe('missingPackages', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'crihub-lock-'));
    await mkdir(path.join(root, 'node_modules'));
  });
  afterEach(async () => rm(root, { recursive: true }));

  const locks = async (wanted: object, installed: object | undefined): Promise<void> => {
    await writeFile(path.join(root, 'package-lock.json'), JSON.stringify({ packages: wanted }));
    if (installed !== undefined)
      await writeFile(
        path.join(root, 'node_modules/.package-lock.json'),
        JSON.stringify({ packages: installed }),
      );
  };
  const a = { 'node_modules/a': { version: '1.0.0', integrity: 'x' } };

  it.each([
    { sentence: 'nothing is missing when all is installed', wanted: a, installed: a, missing: [] },
    {
      sentence: 'all is missing in a fresh clone',
      wanted: a,
      installed: undefined,
      missing: ['node_modules/a'],
    },
    {
      sentence: 'another version is missing',
      wanted: a,
      installed: { 'node_modules/a': { version: '0.9.0', integrity: 'y' } },
      missing: ['node_modules/a'],
    },
    {
      sentence: 'a package for another platform is not missing',
      wanted: { 'node_modules/a': { version: '1.0.0', os: ['darwin'] } },
      installed: {},
      missing: [],
    },
    {
      sentence: 'an entry that npm calls extraneous is not missing',
      wanted: { 'node_modules/a': { version: '1.0.0', extraneous: true } },
      installed: {},
      missing: [],
    },
    {
      sentence: 'an optional package is not missing',
      wanted: { 'node_modules/a': { version: '1.0.0', optional: true } },
      installed: {},
      missing: [],
    },
    {
      sentence: 'a workspace folder is no package',
      wanted: { 'libs/a': { version: '1.0.0' } },
      installed: {},
      missing: [],
    },
  ])('$sentence', async ({ wanted, installed, missing }) => {
    await locks(wanted, installed);
    expect(missingPackages(root)).toEqual(missing);
  });
});
