import { mkdir, mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@crihub/kernel';
import { expect, it, vi } from 'vitest';
import type { Attachment } from './attachment.ts';
import { parseNetworkList, serializeNetworkList } from './network-list.ts';
import { ResultCache } from './result-cache.ts';

const network = parseNetworkList(
  '{"cniVersion":"1.0.0","name":"net","loadOnlyInlinedPlugins":true,"plugins":[{"type":"bridge"}]}',
  'test',
);
const attachment: Attachment = {
  containerId: 'abc',
  interfaceName: 'eth0',
  netns: '/run/netns/abc',
  args: [['IgnoreUnknown', '1']],
  capabilities: { aliases: ['db'] },
};
const result = { cniVersion: '1.0.0', ips: [] };

/** A file as libcni 1.1 writes it, with the order and omissions of its Go structure. */
const foreign = (id: string, kind = 'cniCacheV1'): string =>
  `{"kind":"${kind}","containerId":"${id}","config":"${Buffer.from(serializeNetworkList(network)).toString('base64')}",` +
  `"ifName":"eth0","networkName":"net","cniArgs":[["IgnoreUnknown","1"]],"result":{"cniVersion":"1.0.0","dns":{}}}`;

it('writes what libcni writes, where libcni looks', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'cni-cache-'));
  const cache = new ResultCache({ directory: directory.path }, { logger: silentLogger });
  await cache.write({ attachment, network, result });
  const file = join(directory.path, 'results', 'net-abc-eth0');
  const written = JSON.parse(await readFile(file, 'utf8')) as { config: string };
  expect(written).toEqual({
    kind: 'cniCacheV1',
    containerId: 'abc',
    config: written.config,
    ifName: 'eth0',
    networkName: 'net',
    netns: '/run/netns/abc',
    cniArgs: [['IgnoreUnknown', '1']],
    capabilityArgs: { aliases: ['db'] },
    result,
  });
  expect(JSON.parse(Buffer.from(written.config, 'base64').toString())).toMatchObject({
    cniVersion: '1.0.0',
    name: 'net',
    plugins: [{ type: 'bridge' }],
  });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory.path)).toEqual(['results']);
});

it('finds, replaces and removes entries; removing twice is no error', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'cni-cache-'));
  const cache = new ResultCache({ directory: directory.path }, { logger: silentLogger });
  expect(await cache.find(attachment)).toEqual([]);
  await cache.write({ attachment, network, result: undefined });
  expect(await cache.find(attachment)).toMatchObject([{ attachment, network, result: undefined }]);
  await cache.write({ attachment, network, result });
  await cache.write({ attachment: { ...attachment, containerId: 'x-abc' }, network, result });
  await cache.write({ attachment, network: { ...network, name: 'other' }, result });
  expect((await cache.find(attachment)).map((entry) => entry.network.name)).toEqual(['net', 'other']);
  expect((await cache.ofNetwork('net')).map((entry) => entry.attachment.containerId)).toEqual([
    'abc',
    'x-abc',
  ]);
  await cache.remove('net', attachment);
  await cache.remove('net', attachment);
  expect((await cache.find(attachment)).map((entry) => entry.network.name)).toEqual(['other']);
});

it('reads what libcni has written', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'cni-cache-'));
  await mkdir(join(directory.path, 'results'));
  await writeFile(join(directory.path, 'results', 'net-abc-eth0'), foreign('abc'));
  const cache = new ResultCache({ directory: directory.path }, { logger: silentLogger });
  const [entry] = await cache.find(attachment);
  expect(entry?.attachment).toEqual({ ...attachment, netns: '', capabilities: {} });
  expect(entry?.network.plugins).toEqual([{ type: 'bridge' }]);
});

it.each([
  ['text', 'rubbish'],
  ['another kind', foreign('abc', 'cniCacheV9')],
  ['half a file', foreign('abc').slice(0, 40)],
])('passes over a damaged entry (%s) and warns', async (_sentence, text) => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'cni-cache-'));
  await mkdir(join(directory.path, 'results'));
  await writeFile(join(directory.path, 'results', 'net-abc-eth0'), text);
  await writeFile(join(directory.path, 'results', 'net-x-eth0'), foreign('x'));
  const warn = vi.fn();
  const cache = new ResultCache({ directory: directory.path }, { logger: { ...silentLogger, warn } });
  expect(await cache.find(attachment)).toEqual([]);
  expect(await cache.ofNetwork('net')).toHaveLength(1);
  expect(warn).toHaveBeenCalledTimes(2);
});
