import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describeError } from '@crihub/kernel';
import { expect, it } from 'vitest';
import { loadNetworkLists } from './load-network-lists.ts';

const list = (name: string, extra: object = {}): string =>
  JSON.stringify({ cniVersion: '1.0.0', name, plugins: [{ type: 'bridge' }], ...extra });
const single = (name: string): string => JSON.stringify({ cniVersion: '1.0.0', name, type: 'ptp' });

async function load(files: Record<string, string>): Promise<{ networks: string[][]; problems: string[] }> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'cni-conf-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory.path, name)), { recursive: true });
    await writeFile(join(directory.path, name), text);
  }
  const { networks, problems } = await loadNetworkLists(directory.path);
  return {
    networks: networks.map(({ name, plugins }) => [name, ...plugins.map(({ type }) => type)]),
    problems: problems.map(({ error }) => describeError(error).replaceAll(`${directory.path}/`, '')),
  };
}

it.each<[string, Record<string, string>, string[][], RegExp[]]>([
  ['an empty directory has no networks', {}, [], []],
  [
    'files come in lexical order, of three kinds, and others are passed over',
    {
      '20.conf': single('b'),
      '10.conflist': list('a'),
      '30.json': single('c'),
      '05.txt': '?',
      '01.conflist~': '?',
    },
    [
      ['a', 'bridge'],
      ['b', 'ptp'],
      ['c', 'ptp'],
    ],
    [],
  ],
  [
    'a bad file is reported and spoils no other',
    { '10.conflist': '{', '20.conflist': list('good') },
    [['good', 'bridge']],
    [/^10\.conflist is not JSON/],
  ],
  [
    'plugins in the folder of the network come after those in the list',
    { '10.conflist': list('net'), 'net/2.conf': '{"type":"two"}', 'net/1.conf': '{"type":"one"}' },
    [['net', 'bridge', 'one', 'two']],
    [],
  ],
  [
    'that folder may hold all plugins',
    { '10.conflist': list('net', { plugins: [] }), 'net/1.conf': '{"type":"one"}' },
    [['net', 'one']],
    [],
  ],
  [
    'that folder is passed over if the list says so',
    { '10.conflist': list('net', { loadOnlyInlinedPlugins: true }), 'net/1.conf': '{"type":"one"}' },
    [['net', 'bridge']],
    [],
  ],
  [
    'a list without plugins is a problem',
    { '10.conflist': list('net', { plugins: [] }) },
    [],
    [/has no plugins/],
  ],
  [
    'a bad plugin file spoils its list',
    { '1.conflist': list('net'), 'net/1.conf': '{}' },
    [],
    [/net\/1\.conf .*type/],
  ],
])('%s', async (_sentence, files, networks, problems) => {
  const loaded = await load(files);
  expect(loaded.networks).toEqual(networks);
  expect(loaded.problems).toHaveLength(problems.length);
  for (const [index, problem] of problems.entries()) expect(loaded.problems[index]).toMatch(problem);
});

it('takes a missing directory for an empty one', async () => {
  expect(await loadNetworkLists('/nonexistent/net.d')).toEqual({ networks: [], problems: [] });
});
