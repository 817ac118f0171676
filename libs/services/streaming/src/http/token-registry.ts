import { randomBytes } from 'node:crypto';
import { RuntimeError } from '@crihub/kernel';

export interface TokenRegistryOptions {
  /** In ms. */
  readonly lifetimeMs: number;
  readonly maxTokens: number;
}

const TOKEN_BYTES = 24; // 192 random bits

/** Requests that wait for their client, by unguessable tokens. Each token is good once, and not for long. */
export class TokenRegistry<Request> {
  readonly #options: TokenRegistryOptions;
  /** In the order in which they expire. */
  readonly #waiting = new Map<string, { readonly request: Request; readonly expiresAt: number }>();

  constructor(options: TokenRegistryOptions) {
    this.#options = options;
  }

  /** Tokens that could be used now. */
  get size(): number {
    this.#forgetExpired();
    return this.#waiting.size;
  }

  /** @throws ResourceExhausted if too many wait. */
  issue(request: Request): string {
    const { lifetimeMs, maxTokens } = this.#options;
    if (this.size >= maxTokens) {
      throw new RuntimeError(
        'ResourceExhausted',
        `${String(maxTokens)} streaming requests wait for their clients; the next one is possible when one of them is used, or after ${String(lifetimeMs)} ms`,
      );
    }
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    this.#waiting.set(token, { request, expiresAt: performance.now() + lifetimeMs });
    return token;
  }

  /** The token's request, once; undefined if it is unknown, used or too old. */
  take(token: string): Request | undefined {
    this.#forgetExpired();
    const found = this.#waiting.get(token);
    this.#waiting.delete(token);
    return found?.request;
  }

  clear(): void {
    this.#waiting.clear();
  }

  #forgetExpired(): void {
    const now = performance.now();
    for (const [token, { expiresAt }] of this.#waiting) {
      if (expiresAt > now) return;
      this.#waiting.delete(token);
    }
  }
}
