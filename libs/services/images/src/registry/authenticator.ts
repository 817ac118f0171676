import { RuntimeError } from '@crihub/kernel';
import { z } from 'zod';
import { readBody } from './bodies.ts';
import { type Challenge, parseChallenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { failureOf } from './failures.ts';
import type { HttpConnection, HttpRequest, HttpResponse } from './http.ts';

type BearerChallenge = Challenge & { readonly scheme: 'bearer' };

const tokenSchema = z.object({ token: z.string().optional(), access_token: z.string().optional() });
const MAX_TOKEN_BYTES = 1024 * 1024;
const CLIENT_ID = 'crihub';

export interface AuthenticatorOptions {
  readonly credentials: Credentials;
  /** The scope to ask for where the challenge names none. */
  readonly defaultScope: string;
  /** Whether the registry itself is spoken to in the clear. */
  readonly insecure: boolean;
}

/** Answers one host's challenges and remembers the answer (distribution spec, token authentication). */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #connection: HttpConnection;
  #authorization: string | undefined;

  constructor(options: AuthenticatorOptions, { connection }: { readonly connection: HttpConnection }) {
    this.#options = options;
    this.#connection = connection;
    const { credentials } = options;
    if (credentials.kind === 'registryToken') this.#authorization = `Bearer ${credentials.token}`;
  }

  /** The header to send, once a challenge was answered. */
  get headers(): Readonly<Record<string, string>> {
    return this.#authorization === undefined ? {} : { authorization: this.#authorization };
  }

  /**
   * Takes the challenge of a 401 response.
   * @returns whether it is worth asking again.
   * @throws PermissionDenied or Unavailable if the token server gives no token.
   */
  async answer(response: HttpResponse, signal: AbortSignal): Promise<boolean> {
    const header = response.headers['www-authenticate'];
    const challenge = parseChallenge([header ?? []].flat().join(', '));
    const { credentials } = this.#options;
    if (challenge === undefined || credentials.kind === 'registryToken') return false;
    const previous = this.#authorization;
    if (challenge.scheme === 'basic') {
      if (credentials.kind !== 'basic') return false;
      this.#authorization = basicHeader(credentials.username, credentials.password);
      return this.#authorization !== previous;
    }
    this.#authorization = `Bearer ${await this.#fetchToken(challenge, signal)}`;
    return true;
  }

  async #fetchToken(challenge: BearerChallenge, signal: AbortSignal): Promise<string> {
    const realm = this.#realmOf(challenge);
    const response = await this.#connection.request(this.#tokenRequest(realm, challenge), signal);
    if (response.statusCode !== 200)
      throw await failureOf(response, realm.host, 'a token for the repository');
    const body = await readBody(response, MAX_TOKEN_BYTES, 'the token');
    let parsed: z.infer<typeof tokenSchema> = {};
    try {
      parsed = tokenSchema.parse(JSON.parse(body.toString('utf8')));
    } catch {
      // Told below, without the body: it may hold a token.
    }
    const token = parsed.token ?? parsed.access_token;
    if (token !== undefined && token !== '') return token;
    throw new RuntimeError('PermissionDenied', `token server ${realm.host} answered without a token`);
  }

  #realmOf({ realm }: BearerChallenge): URL {
    const url = URL.parse(realm);
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new RuntimeError(
        'PermissionDenied',
        `the registry names "${realm.slice(0, 200)}" as its token server, which is no URL`,
      );
    }
    if (
      url.protocol === 'http:' &&
      !this.#options.insecure &&
      this.#options.credentials.kind !== 'anonymous'
    ) {
      throw new RuntimeError(
        'PermissionDenied',
        `token server ${url.host} would get the credentials over plain HTTP`,
      );
    }
    return url;
  }

  #tokenRequest(realm: URL, { service, scope = this.#options.defaultScope }: BearerChallenge): HttpRequest {
    const { credentials } = this.#options;
    if (credentials.kind === 'identityToken') {
      const form = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: credentials.token,
        client_id: CLIENT_ID,
        scope,
        ...(service !== undefined && { service }),
      });
      return {
        url: realm.href,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: form.toString(),
      };
    }
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set('service', service);
    for (const part of scope.split(' ')) url.searchParams.append('scope', part);
    if (credentials.kind !== 'basic') return { url: url.href };
    url.searchParams.set('account', credentials.username);
    return {
      url: url.href,
      headers: { authorization: basicHeader(credentials.username, credentials.password) },
    };
  }
}

const basicHeader = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
