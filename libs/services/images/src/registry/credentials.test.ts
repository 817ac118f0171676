import { silentLogger } from '@crihub/kernel';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseChallenge } from './challenge.ts';
import { type AuthConfig, type Credentials, fingerprint, isFor, parseAuthConfig } from './credentials.ts';
import { dockerCredentials } from './docker-config.ts';
import { parseRetryAfter } from './retry.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('parseAuthConfig', () => {
  test.each<[string, AuthConfig, Credentials]>([
    ['nothing', {}, { kind: 'anonymous' }],
    ['empty strings', { username: '', password: '', auth: '' }, { kind: 'anonymous' }],
    ['name and password', { username: 'a', password: 'b' }, { kind: 'basic', username: 'a', password: 'b' }],
    [
      'the auth field, with colons',
      { auth: base64('a:b:c') },
      { kind: 'basic', username: 'a', password: 'b:c' },
    ],
    ['an identity token', { identityToken: 't' }, { kind: 'identityToken', token: 't' }],
    [
      'a registry token before all',
      { registryToken: 't', username: 'a' },
      { kind: 'registryToken', token: 't' },
    ],
  ])('%s', (_sentence, auth, credentials) => {
    expect(parseAuthConfig(auth)).toEqual(credentials);
  });

  test('an auth field without a colon is refused, and not quoted', () => {
    const secret = base64('secret');
    expect(() => parseAuthConfig({ auth: secret })).toThrow(/^(?!.*c2VjcmV0).*not base64 of "name:password"/);
  });
});

test.each([
  [undefined, 'quay.io', true],
  ['', 'quay.io', true],
  ['quay.io', 'quay.io', true],
  ['https://quay.io/v2/', 'quay.io', true],
  ['https://index.docker.io/v1/', 'registry-1.docker.io', true],
  ['quay.io', 'quay.io:443', false],
  ['quay.io', 'evil-quay.io', false],
])('credentials for %s are for %s: %s', (serverAddress, host, expected) => {
  expect(isFor(serverAddress, host)).toBe(expected);
});

test('equal credentials have equal fingerprints, however they are written', () => {
  expect(fingerprint({ username: 'a', password: 'b' })).toBe(
    fingerprint({ password: 'b', username: 'a', auth: '' }),
  );
  expect(fingerprint({ username: 'a' })).not.toBe(fingerprint(undefined));
  expect(fingerprint({})).toBe(fingerprint(undefined));
});

test.each([
  ['Basic realm="x"', { scheme: 'basic' }],
  ['basic', { scheme: 'basic' }],
  [
    'Bearer realm="https://a/t",service=s,scope="repository:a/b:pull,push"',
    { scheme: 'bearer', realm: 'https://a/t', service: 's', scope: 'repository:a/b:pull,push' },
  ],
  [
    'Basic realm="r", Bearer realm="https://a/t"',
    { scheme: 'bearer', realm: 'https://a/t', service: undefined, scope: undefined },
  ],
  ['Bearer service="no realm"', undefined],
  ['Negotiate abc', undefined],
  ['', undefined],
])('challenge %s', (header, challenge) => {
  expect(parseChallenge(header)).toEqual(challenge);
});

test.each([
  ['5', 5000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
])('Retry-After %s', (header, ms) => {
  expect(parseRetryAfter(header)).toBe(ms);
});

describe('Docker config.json', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'crihub-docker-config-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const read = async (content: string, host: string): Promise<Credentials> => {
    const file = join(directory, 'config.json');
    writeFileSync(file, content);
    return await dockerCredentials(file, host, silentLogger, new AbortController().signal);
  };

  test.each<[string, unknown, string, Credentials]>([
    [
      'an entry of the host',
      { auths: { 'quay.io': { auth: base64('a:b') } } },
      'quay.io',
      { kind: 'basic', username: 'a', password: 'b' },
    ],
    [
      'Docker Hub by its old address',
      { auths: { 'https://index.docker.io/v1/': { username: 'a', password: 'b' } } },
      'docker.io',
      { kind: 'basic', username: 'a', password: 'b' },
    ],
    [
      'an identity token',
      { auths: { 'quay.io': { identitytoken: 't' } } },
      'quay.io',
      { kind: 'identityToken', token: 't' },
    ],
    [
      'another host only',
      { auths: { 'quay.io': { auth: base64('a:b') } } },
      'ghcr.io',
      { kind: 'anonymous' },
    ],
    ['a helper that is not installed', { credsStore: 'crihub-none' }, 'quay.io', { kind: 'anonymous' }],
  ])('%s', async (_sentence, content, host, credentials) => {
    expect(await read(JSON.stringify(content), host)).toEqual(credentials);
  });

  test('a file that is not there has none', async () => {
    const none = dockerCredentials(
      join(directory, 'none'),
      'quay.io',
      silentLogger,
      new AbortController().signal,
    );
    expect(await none).toEqual({ kind: 'anonymous' });
  });

  test('a file that is damaged is refused without being quoted', async () => {
    await expect(read('{"auths": {"quay.io": secret', 'quay.io')).rejects.toThrow(
      /config\.json is not a Docker config\.json$/,
    );
  });

  test('any other trouble with the file is an error', async () => {
    writeFileSync(join(directory, 'config.json'), '{}');
    const through = join(directory, 'config.json', 'x');
    await expect(
      dockerCredentials(through, 'quay.io', silentLogger, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
