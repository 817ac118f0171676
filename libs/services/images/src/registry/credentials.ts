import { RuntimeError } from '@crihub/kernel';
import { createHash } from 'node:crypto';

/** CRI's AuthConfig, as it comes; empty strings count as absent. */
export interface AuthConfig {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** base64 of `username:password`. */
  readonly auth?: string | undefined;
  /** The registry that this is for; for any if absent. */
  readonly serverAddress?: string | undefined;
  /** A refresh token, to be exchanged for access tokens. */
  readonly identityToken?: string | undefined;
  /** An access token, sent as it is. */
  readonly registryToken?: string | undefined;
}

export type Credentials =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'identityToken'; readonly token: string }
  | { readonly kind: 'registryToken'; readonly token: string };

export const ANONYMOUS: Credentials = { kind: 'anonymous' };

/** @throws InvalidArgument if the `auth` field is not base64 of a name and a password. */
export function parseAuthConfig(auth: AuthConfig): Credentials {
  if (auth.registryToken) return { kind: 'registryToken', token: auth.registryToken };
  if (auth.identityToken) return { kind: 'identityToken', token: auth.identityToken };
  if (auth.username) return { kind: 'basic', username: auth.username, password: auth.password ?? '' };
  return auth.auth ? decodeBasic(auth.auth) : ANONYMOUS;
}

/** Whether credentials given for `serverAddress` are for this host; both may be URLs or bare hosts. */
export function isFor(serverAddress: string | undefined, host: string): boolean {
  if (!serverAddress) return true;
  return canonicalHost(serverAddress) === canonicalHost(host);
}

/** The host of a credentials entry; all names of Docker Hub are one. */
export function canonicalHost(address: string): string {
  const host = address.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return DOCKER_HUB.has(host) ? 'docker.io' : host;
}

/** Tells credentials apart without keeping them; for sharing pulls. */
export const fingerprint = (auth: AuthConfig | undefined): string =>
  createHash('sha256')
    .update(
      JSON.stringify(
        Object.entries(auth ?? {})
          .filter(([, value]) => Boolean(value))
          .sort(),
      ),
    )
    .digest('hex');

const DOCKER_HUB = new Set([
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

function decodeBasic(auth: string): Credentials {
  const decoded = Buffer.from(auth, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 0) {
    throw new RuntimeError(
      'InvalidArgument',
      'the auth field of the credentials is not base64 of "name:password"',
    );
  }
  // Some tools pad the password with NUL bytes.
  return {
    kind: 'basic',
    username: decoded.slice(0, colon),
    password: decoded.slice(colon + 1).replace(/\0+$/, ''),
  };
}
