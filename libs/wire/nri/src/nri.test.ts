import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, generate, textFiles } from '../../testing/compile.ts';
import { wireTable } from '../../testing/wire-table.ts';
import { LinuxMemory, PluginService } from './index.ts';

const readTable = async (): Promise<readonly string[]> => {
  const text = await readFile(join(import.meta.dirname, '../test/nri.v1alpha1.tsv'), 'utf8');
  return text.split('\n').slice(1, -1);
};

describe('nri/pkg/api/v1alpha1/api.proto', () => {
  it('has every row of the wire table, and nothing else', async () => {
    const [expected, actual] = await Promise.all([readTable(), compile('nri/proto').then(wireTable)]);
    expect(expected).toHaveLength(383);
    expect(actual.toSorted()).toEqual(expected.toSorted());
  });

  it.each(['nri', 'ttrpc'])('is what the generated code of %s was made from', async (wire) => {
    const [fresh, checkedIn] = await Promise.all([
      generate(`${wire}/proto`),
      textFiles(join(import.meta.dirname, '../..', wire, 'src/generated')),
    ]);
    expect([...checkedIn.keys()]).toEqual([...fresh.keys()]);
    for (const [path, text] of fresh)
      expect(checkedIn.get(path) === text, `${path} is stale: run "npm run generate"`).toBe(true);
  });
});

describe('the codec', () => {
  it('tells an absent scalar from zero', () => {
    const memory = LinuxMemory.decode(
      LinuxMemory.encode(LinuxMemory.create({ limit: { value: 0n } })).finish(),
    );
    expect(memory).toMatchObject({ limit: { value: 0n }, swap: undefined });
  });

  it('names the path of a call as plugins serve it', () => {
    expect(PluginService.createContainer.path).toBe('/nri.pkg.api.v1alpha1.Plugin/CreateContainer');
  });
});
