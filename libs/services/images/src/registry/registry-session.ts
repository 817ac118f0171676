import { describeError, type ErrorKind, isRuntimeError, type Logger, RuntimeError } from '@crihub/kernel';
import { refused } from '../content-error.ts';
import { type Digest, digestOf, isDigest } from '../digest.ts';
import type { GrowingFile } from '../growing-file.ts';
import { type Descriptor, MANIFEST_TYPES, MAX_DOCUMENT_BYTES } from '../manifest.ts';
import type { NameReference } from '../reference.ts';
import { readBody } from './bodies.ts';
import { download } from './download.ts';
import { failureOf } from './failures.ts';
import type { Capability } from './host.ts';
import type { HostClient } from './host-client.ts';

export interface FetchedManifest {
  readonly digest: Digest;
  readonly mediaType: string | undefined;
  readonly content: Buffer;
}

/** No other host would help. */
const OWN_FAULTS: ReadonlySet<ErrorKind> = new Set(['ResourceExhausted', 'Internal'] as const);

/** One pull's conversation with a registry: each request goes to the hosts in turn until one has it. */
export class RegistrySession {
  readonly #reference: NameReference;
  readonly #clients: readonly HostClient[];
  readonly #logger: Logger;

  constructor(
    { reference }: { readonly reference: NameReference },
    { clients, logger }: { readonly clients: readonly HostClient[]; readonly logger: Logger },
  ) {
    this.#reference = reference;
    this.#clients = clients;
    this.#logger = logger;
  }

  /**
   * What the reference means now, without fetching it; undefined if the registry doesn't say.
   * @throws NotFound, PermissionDenied, Unavailable.
   */
  async resolve(signal: AbortSignal): Promise<Digest | undefined> {
    const { target, path } = this.#reference;
    const resource = `manifests/${target.kind === 'tag' ? target.tag : target.digest}`;
    return await this.#tryHosts('resolve', signal, async (client) => {
      const headers = { accept: MANIFEST_TYPES.join(', ') };
      const response = await client.send({ method: 'HEAD', resource, headers }, signal);
      const status = response.statusCode;
      if ([401, 403, 404, 429].includes(status) || status >= 500) {
        throw await failureOf(
          response,
          client.name,
          `manifest of ${this.#reference.text} (repository ${path})`,
        );
      }
      await response.body.dump();
      const digest = String(response.headers['docker-content-digest'] ?? '');
      return status === 200 && isDigest(digest) ? digest : undefined;
    });
  }

  /** A manifest or index by tag or digest; verified if it was asked for by digest. */
  async manifest(target: string, signal: AbortSignal): Promise<FetchedManifest> {
    const capability = isDigest(target) ? 'pull' : 'resolve';
    return await this.#tryHosts(capability, signal, async (client) => {
      const headers = { accept: MANIFEST_TYPES.join(', ') };
      const response = await client.send({ resource: `manifests/${target}`, headers }, signal);
      const what = `manifest ${target} of ${this.#reference.repository}`;
      if (response.statusCode !== 200) throw await failureOf(response, client.name, what);
      const mediaType = response.headers['content-type'];
      const content = await readBody(response, MAX_DOCUMENT_BYTES, `${what} at ${client.name}`);
      const claimed = isDigest(target) ? target : response.headers['docker-content-digest'];
      verify(content, claimed, `${what} at ${client.name}`);
      return {
        digest: digestOf(content),
        content,
        mediaType: typeof mediaType === 'string' ? mediaType.split(';')[0] : undefined,
      };
    });
  }

  /** A small blob, such as a config, verified. */
  async document({ digest, size }: Descriptor, signal: AbortSignal): Promise<Buffer> {
    const what = `blob ${digest} of ${this.#reference.repository}`;
    if (size > MAX_DOCUMENT_BYTES) throw refused(`${what} is too large: ${String(size)} bytes`);
    return await this.#tryHosts('pull', signal, async (client) => {
      const response = await client.send({ resource: `blobs/${digest}` }, signal);
      if (response.statusCode !== 200) throw await failureOf(response, client.name, what);
      const content = await readBody(response, size, `${what} at ${client.name}`);
      if (content.length !== size) {
        throw refused(
          `${what} at ${client.name} has ${String(content.length)} bytes instead of ${String(size)}`,
        );
      }
      verify(content, digest, `${what} at ${client.name}`);
      return content;
    });
  }

  /** Appends a blob to a file; the content is not verified, only its length. */
  async blob(descriptor: Descriptor, file: GrowingFile, signal: AbortSignal): Promise<void> {
    await this.#tryHosts('pull', signal, (client) => download(client, descriptor, file, signal));
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  async #tryHosts<Result>(
    capability: Capability,
    signal: AbortSignal,
    ask: (client: HostClient) => Promise<Result>,
  ): Promise<Result> {
    const clients = this.#clients.filter(({ host }) => host.capabilities.has(capability));
    const failures: RuntimeError[] = [];
    for (const client of clients) {
      try {
        return await ask(client);
      } catch (error) {
        signal.throwIfAborted();
        const failure = client.explain(error);
        if (!isRuntimeError(failure) || OWN_FAULTS.has(failure.kind)) throw failure;
        failures.push(failure);
        if (client !== clients.at(-1)) {
          this.#logger.warn('a registry host failed; trying the next', {
            host: client.name,
            reference: this.#reference.text,
            error: describeError(failure),
          });
        }
      }
    }
    throw summary(this.#reference.domain, capability, failures);
  }
}

function verify(content: Buffer, claimed: unknown, what: string): void {
  if (typeof claimed !== 'string') return;
  const actual = digestOf(content);
  if (claimed !== actual)
    throw refused(`${what} has the digest ${actual} instead of ${claimed.slice(0, 100)}`);
}

/** The last host is the registry itself, so its word counts; the mirrors' are told beside it. */
function summary(domain: string, capability: Capability, failures: readonly RuntimeError[]): RuntimeError {
  const last = failures.at(-1);
  if (last === undefined) {
    return new RuntimeError(
      'FailedPrecondition',
      `hosts.toml names no host of ${domain} with the capability "${capability}"`,
    );
  }
  if (failures.length === 1) return last;
  const others = failures.slice(0, -1).map(({ message }) => message);
  return new RuntimeError(last.kind, `${last.message} (before that: ${others.join('; ')})`, {
    ...(last.reason !== undefined && { reason: last.reason }),
    cause: last.cause,
  });
}
