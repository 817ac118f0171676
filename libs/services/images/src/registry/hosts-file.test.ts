import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configuredHosts, parseHostsFile } from './hosts-file.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'crihub-hosts-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const urls = async (domain: string): Promise<string[]> =>
  (await configuredHosts(domain, [join(root, 'none'), root])).map(({ baseUrl }) => baseUrl);

function write(name: string, content: string): void {
  mkdirSync(join(root, name, '..'), { recursive: true });
  writeFileSync(join(root, name), content);
}

describe('which hosts a registry has', () => {
  test.each([
    ['Docker Hub', 'docker.io', 'https://registry-1.docker.io/v2'],
    ['any other registry', 'quay.io', 'https://quay.io/v2'],
    ['a registry on this machine', 'localhost:5000', 'http://localhost:5000/v2'],
    ['one with a certificate, by its port', '127.0.0.1:443', 'https://127.0.0.1:443/v2'],
  ])('without configuration: %s', async (_sentence, domain, url) => {
    expect(await urls(domain)).toEqual([url]);
  });

  test.each([['node_5000_/hosts.toml'], ['node:5000/hosts.toml'], ['_default/hosts.toml']])(
    'configured in %s',
    async (name) => {
      write(name, '[host."http://mirror"]');
      expect(await urls('node:5000')).toEqual(['http://mirror/v2', 'https://node:5000/v2']);
    },
  );

  test('a directory of its own comes before the default', async () => {
    write('_default/hosts.toml', 'server = "http://default"');
    write('quay.io/hosts.toml', 'server = "http://own"');
    expect(await urls('quay.io')).toEqual(['http://own/v2']);
  });

  test('Docker keeps only certificates there', async () => {
    for (const file of ['ca.crt', 'client.cert', 'client.key']) write(`quay.io/${file}`, file);
    const [host] = await configuredHosts('quay.io', [root]);
    expect(host).toMatchObject({
      baseUrl: 'https://quay.io/v2',
      tls: { ca: ['ca.crt'], client: [{ certificate: 'client.cert', key: 'client.key' }] },
    });
  });
});

describe('hosts.toml', () => {
  const parse = (content: string) => parseHostsFile('quay.io', content, join(root, 'hosts.toml'));

  test('hosts keep their order, with the server last', async () => {
    const hosts = await parse(`
      server = "https://quay.io"
      [host."https://b.example"]
        capabilities = ["pull"]
        skip_verify = true
        dial_timeout = "1m2.5s"
      [host."http://a.example:80/proxy/"]
      [host."https://c.example/v2/cache"]
        override_path = true
        [host."https://c.example/v2/cache".header]
          x-one = "1"
          x-two = ["2", "3"]
    `);
    expect(hosts.map(({ baseUrl }) => baseUrl)).toEqual([
      'https://b.example/v2',
      'http://a.example/proxy/v2',
      'https://c.example/v2/cache',
      'https://quay.io/v2',
    ]);
    expect(hosts[0]).toMatchObject({
      tls: { skipVerify: true },
      connectTimeoutMs: 62_500,
      mirrorOf: 'quay.io',
    });
    expect([...(hosts[0]?.capabilities ?? [])]).toEqual(['pull']);
    expect(hosts[2]?.headers).toEqual({ 'x-one': '1', 'x-two': '2, 3' });
    expect(hosts[3]?.mirrorOf).toBeUndefined();
  });

  test('certificates are read from beside the file; a client is a pair, or a file with both', async () => {
    for (const file of ['ca.pem', 'c.pem', 'k.pem']) write(file, file);
    const [a, b, c] = await parse(`
      [host."https://a"]
        ca = "ca.pem"
        client = ["c.pem", "k.pem"]
      [host."https://b"]
        ca = ["ca.pem", "${join(root, 'c.pem')}"]
        client = [["c.pem", "k.pem"], "c.pem"]
      [host."https://c"]
        client = "c.pem"
    `);
    const pair = { certificate: 'c.pem', key: 'k.pem' };
    const both = { certificate: 'c.pem', key: 'c.pem' };
    expect(a?.tls).toMatchObject({ ca: ['ca.pem'], client: [pair] });
    expect(b?.tls).toMatchObject({ ca: ['ca.pem', 'c.pem'], client: [pair, both] });
    expect(c?.tls).toMatchObject({ client: [both] });
  });

  test.each([
    ['no TOML', 'server = ', 'is not TOML'],
    ['a wrong type', '[host."https://a"]\nskip_verify = "yes"', 'host.https://a.skip_verify'],
    ['an unknown capability', 'capabilities = ["fly"]', 'capabilities'],
    ['a scheme that is none', '[host."ftp://a"]', '"ftp://a" is not an http or https URL'],
    ['a certificate that is not there', 'ca = "none.pem"', "can't read"],
    ['a time that is none', 'dial_timeout = "soon"', 'dial_timeout'],
  ])('%s is refused, and the file named', async (_sentence, content, why) => {
    await expect(parse(content)).rejects.toMatchObject({ kind: 'InvalidArgument' });
    await expect(parse(content)).rejects.toThrow(why);
    await expect(parse(content)).rejects.toThrow('hosts.toml');
  });
});
