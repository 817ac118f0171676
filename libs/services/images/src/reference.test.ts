import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseReference } from './reference.ts';

const HEX = '0123456789abcdef'.repeat(4);
const DIGEST = `sha256:${HEX}`;

describe('parseReference', () => {
  test.each([
    ['a bare name is of Docker Hub, tag latest', 'nginx', 'docker.io/library/nginx:latest'],
    ['a user repository of Docker Hub', 'bitnami/redis:7', 'docker.io/bitnami/redis:7'],
    ['the old name of Docker Hub', 'index.docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['docker.io without library', 'docker.io/nginx:1', 'docker.io/library/nginx:1'],
    ['a host with a dot', 'registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10'],
    ['a host with a port', 'node:5000/a/b', 'node:5000/a/b:latest'],
    ['localhost is a host', 'localhost/app', 'localhost/app:latest'],
    ['an upper-case first part is a host', 'HOST/app', 'HOST/app:latest'],
    ['a name without slash and with a colon has a tag', 'node:5000', 'docker.io/library/node:5000'],
    ['an IPv6 host', '[::1]:5000/app:x', '[::1]:5000/app:x'],
    ['a digest', `quay.io/a/b@${DIGEST}`, `quay.io/a/b@${DIGEST}`],
    ['tag and digest: the digest counts', `nginx:1.27@${DIGEST}`, `docker.io/library/nginx@${DIGEST}`],
    ['64 hex digits are an image id', HEX, DIGEST],
    ['a bare digest is an image id', DIGEST, DIGEST],
    ['separators', 'a__b/c--d/e.f_g', 'docker.io/a__b/c--d/e.f_g:latest'],
  ])('%s', (_sentence, text, canonical) => {
    expect(parseReference(text).text).toBe(canonical);
  });

  test.each([
    ['nothing', '', 'empty'],
    ['upper case', 'a/Nginx', '"Nginx" must be lower case'],
    ['an empty part', 'a//b', 'empty'],
    ['a trailing slash', 'quay.io/a/', 'empty'],
    ['an empty tag', 'nginx:', 'not a tag'],
    ['a tag that is too long', `nginx:${'a'.repeat(129)}`, 'not a tag'],
    ['a short digest', 'nginx@sha256:abc', 'not a sha256 digest'],
    ['another algorithm', `nginx@sha512:${HEX}${HEX}`, 'not a sha256 digest'],
    ['a scheme', 'https://quay.io/a', 'not a registry host'],
    ['a name that climbs', 'quay.io/../a', 'must be letters'],
    ['a space', 'ngi nx', 'must be letters'],
    ['a bad host', '-x.y/a', 'not a registry host'],
    ['a name that is too long', `quay.io/${'a'.repeat(250)}`, 'longer than 255'],
  ])('refuses %s', (_sentence, text, why) => {
    expect(() => parseReference(text)).toThrow(why);
  });

  test('the canonical form of whatever parses, parses to itself', () => {
    const component = fc.stringMatching(/^[a-z0-9]{1,6}(?:[._-][a-z0-9]{1,6})?$/);
    const host = fc.constantFrom('', 'localhost/', 'docker.io/', 'r.example.com:5000/', '10.0.0.1:80/');
    const suffix = fc.constantFrom('', ':1.2', ':Latest_x', `@${DIGEST}`, `:a@${DIGEST}`);
    const path = fc.array(component, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(host, path, suffix, (prefix, parts, end) => {
        const reference = parseReference(`${prefix}${parts.join('/')}${end}`);
        expect(parseReference(reference.text)).toEqual(reference);
      }),
    );
  });

  test('any text parses or is refused as an invalid argument', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parseReference(text);
        } catch (error) {
          expect(error).toMatchObject({ kind: 'InvalidArgument' });
        }
      }),
    );
  });
});
