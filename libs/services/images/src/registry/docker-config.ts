import { errnoCode, type Logger, RuntimeError } from '@crihub/kernel';
import { run } from '@crihub/transport/process';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ANONYMOUS, canonicalHost, type Credentials, parseAuthConfig } from './credentials.ts';

const fileSchema = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
        identitytoken: z.string().optional(),
        registrytoken: z.string().optional(),
      }),
    )
    .optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});

const helperSchema = z.object({ Username: z.string(), Secret: z.string() });
const HELPER_TIMEOUT_MS = 10_000;

/**
 * The node's own credentials for a registry, from a Docker `config.json`, read anew each time. A helper
 * that fails is logged, and the pull goes on without credentials.
 * @throws InvalidArgument if the file is not what it should be.
 */
export async function dockerCredentials(
  file: string,
  host: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<Credentials> {
  const config = await readConfig(file);
  const wanted = canonicalHost(host);
  const helper = entryFor(config.credHelpers, wanted)?.[1] ?? config.credsStore;
  const [address, entry] = entryFor(config.auths, wanted) ?? [];
  const hasSecret = entry !== undefined && Object.values(entry).some(Boolean);
  if (helper !== undefined && helper !== '' && !hasSecret) {
    return await askHelper(helper, address ?? wanted, logger, signal);
  }
  if (entry === undefined) return ANONYMOUS;
  return parseAuthConfig({
    ...entry,
    identityToken: entry.identitytoken,
    registryToken: entry.registrytoken,
  });
}

const entryFor = <Value>(
  entries: Readonly<Record<string, Value>> | undefined,
  host: string,
): readonly [string, Value] | undefined =>
  Object.entries(entries ?? {}).find(([address]) => canonicalHost(address) === host);

async function readConfig(file: string): Promise<z.infer<typeof fileSchema>> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return {};
    throw error;
  }
  try {
    return fileSchema.parse(JSON.parse(content));
  } catch {
    // The cause may quote the file, and with it a password.
    throw new RuntimeError('InvalidArgument', `${file} is not a Docker config.json`);
  }
}

/** Docker's credential helper protocol: the address on standard input, JSON on standard output. */
async function askHelper(
  name: string,
  address: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<Credentials> {
  const program = `docker-credential-${name}`;
  try {
    const { exitCode, stdout } = await run(program, {
      args: ['get'],
      input: address,
      timeoutMs: HELPER_TIMEOUT_MS,
      signal,
    });
    if (exitCode !== 0) throw new Error(`exit code ${String(exitCode)}`);
    const { Username, Secret } = helperSchema.parse(JSON.parse(stdout.toString('utf8')));
    if (Username === '<token>') return { kind: 'identityToken', token: Secret };
    return { kind: 'basic', username: Username, password: Secret };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.name : 'unknown';
    logger.warn('a credential helper failed; going on without credentials', { program, address, reason });
    return ANONYMOUS;
  }
}
