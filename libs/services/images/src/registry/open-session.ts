import type { Logger } from '@crihub/kernel';
import type { NameReference } from '../reference.ts';
import { ANONYMOUS, type AuthConfig, type Credentials, isFor, parseAuthConfig } from './credentials.ts';
import { dockerCredentials } from './docker-config.ts';
import type { RegistryHost } from './host.ts';
import { HostClient } from './host-client.ts';
import { configuredHosts } from './hosts-file.ts';
import { RegistrySession } from './registry-session.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts';

export interface RegistryOptions {
  /** Directories laid out as containerd's `certs.d`; the first with an entry for the registry counts. */
  readonly hostsDirectories?: readonly string[] | undefined;
  /** A Docker `config.json` with the node's own credentials. */
  readonly credentialsFile?: string | undefined;
  /** The longest silence of a registry, in ms. */
  readonly stallTimeoutMs?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
}

const DEFAULT_STALL_TIMEOUT_MS = 60_000;

/** Reads the configuration of a reference's registry and prepares to talk to its hosts. */
export async function openSession(
  reference: NameReference,
  auth: AuthConfig | undefined,
  options: RegistryOptions,
  logger: Logger,
  signal: AbortSignal,
): Promise<RegistrySession> {
  const hosts = await configuredHosts(reference.domain, options.hostsDirectories ?? []);
  const clients = await Promise.all(
    hosts.map(
      async (host) =>
        new HostClient({
          host,
          path: reference.path,
          credentials: await credentialsFor(host, reference, auth, options, logger, signal),
          retry: options.retry ?? DEFAULT_RETRY,
          stallTimeoutMs: options.stallTimeoutMs ?? DEFAULT_STALL_TIMEOUT_MS,
        }),
    ),
  );
  return new RegistrySession({ reference }, { clients, logger });
}

/**
 * The request's credentials go to the registry and, as in containerd, to the mirrors that the operator
 * named for it, unless they are for another server; the node's own fill in where there are none.
 */
async function credentialsFor(
  host: RegistryHost,
  reference: NameReference,
  auth: AuthConfig | undefined,
  { credentialsFile }: RegistryOptions,
  logger: Logger,
  signal: AbortSignal,
): Promise<Credentials> {
  const name = new URL(host.baseUrl).host;
  const isForThis =
    isFor(auth?.serverAddress, name) ||
    (host.mirrorOf === undefined && isFor(auth?.serverAddress, reference.domain));
  const given = auth !== undefined && isForThis ? parseAuthConfig(auth) : ANONYMOUS;
  if (given.kind !== 'anonymous' || credentialsFile === undefined) return given;
  return await dockerCredentials(
    credentialsFile,
    host.mirrorOf === undefined ? reference.domain : name,
    logger,
    signal,
  );
}
