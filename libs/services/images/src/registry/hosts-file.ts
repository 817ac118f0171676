import { errnoCode, RuntimeError } from '@crihub/kernel';
import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';
import {
  ALL_CAPABILITIES,
  type Capability,
  DEFAULT_CONNECT_TIMEOUT_MS,
  DEFAULT_TLS,
  defaultHosts,
  type HostTls,
  type RegistryHost,
  upstreamOf,
} from './host.ts';

const oneOrMore = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item)]);

const hostSchema = z.object({
  capabilities: z.array(z.enum(['pull', 'resolve', 'push', 'referrers'])).optional(),
  ca: oneOrMore(z.string()).optional(),
  client: oneOrMore(z.union([z.string(), z.array(z.string()).max(2)])).optional(),
  skip_verify: z.boolean().optional(),
  header: z.record(z.string(), oneOrMore(z.string())).optional(),
  override_path: z.boolean().optional(),
  dial_timeout: z
    .string()
    .regex(/^(\d+(\.\d+)?(ms|s|m|h))+$/, 'write a duration such as "10s"')
    .optional(),
});
const fileSchema = hostSchema.extend({
  server: z.string().optional(),
  host: z.record(z.string(), hostSchema).optional(),
});
type HostTable = z.infer<typeof hostSchema>;

/**
 * The hosts to ask for a registry's images, in order, as containerd's `certs.d` configures them. The
 * directories are read anew each time, so a change counts from the next pull on.
 * @throws InvalidArgument naming the file and the field that is wrong.
 */
export async function configuredHosts(
  domain: string,
  directories: readonly string[],
): Promise<readonly RegistryHost[]> {
  for (const directory of directories.flatMap((root) => candidates(domain).map((name) => join(root, name)))) {
    const hosts = await hostsOf(domain, directory);
    if (hosts !== undefined) return hosts;
  }
  return defaultHosts(domain);
}

/** Names of a registry's directory, most specific first: `host_port_` is for systems without colons. */
function candidates(domain: string): readonly string[] {
  const colon = domain.lastIndexOf(':');
  const hasPort = colon > 0 && !domain.endsWith(']');
  const escaped = hasPort ? [`${domain.slice(0, colon)}_${domain.slice(colon + 1)}_`] : [];
  return [...escaped, domain, '_default'];
}

async function hostsOf(domain: string, directory: string): Promise<readonly RegistryHost[] | undefined> {
  const names = await namesIn(directory);
  if (names === undefined) return undefined;
  const file = join(directory, 'hosts.toml');
  if (names.includes('hosts.toml')) return await parseHostsFile(domain, await readFile(file, 'utf8'), file);
  const tls = await dockerTls(directory, names);
  if (tls === undefined) return undefined;
  return defaultHosts(domain).map((host) => ({ ...host, tls }));
}

/** Reads one `hosts.toml`; relative paths in it are relative to its directory. */
export async function parseHostsFile(
  domain: string,
  content: string,
  file: string,
): Promise<readonly RegistryHost[]> {
  const { server, host = {}, ...settings } = readTables(content, file);
  const mirrors = Object.entries(host).map(([url, table]) => toHost(url, table, domain, file));
  const upstream =
    server === undefined && Object.keys(settings).length === 0
      ? defaultHosts(domain)
      : [await toHost(server ?? `https://${upstreamOf(domain)}`, settings, domain, file)];
  return [...(await Promise.all(mirrors)), ...upstream];
}

function readTables(content: string, file: string): z.infer<typeof fileSchema> {
  let document: unknown;
  try {
    document = parse(content);
  } catch (cause) {
    throw new RuntimeError('InvalidArgument', `${file} is not TOML: ${(cause as Error).message}`, { cause });
  }
  const result = fileSchema.safeParse(document);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new RuntimeError(
    'InvalidArgument',
    `${file}: ${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'not valid'}`,
  );
}

async function toHost(text: string, table: HostTable, domain: string, file: string): Promise<RegistryHost> {
  const url = parseUrl(text, file);
  const path = url.pathname.replace(/\/+$/, '');
  const suffix = table.override_path === true || path.endsWith('/v2') ? '' : '/v2';
  const isUpstream = url.host === upstreamOf(domain) || url.host === domain;
  return {
    baseUrl: `${url.protocol}//${url.host}${path}${suffix}`,
    capabilities: new Set(table.capabilities?.filter(isCapability) ?? ALL_CAPABILITIES),
    tls: await readTls(table, file),
    headers: Object.fromEntries(
      Object.entries(table.header ?? {}).map(([name, value]) => [name, [value].flat().join(', ')]),
    ),
    connectTimeoutMs:
      table.dial_timeout === undefined ? DEFAULT_CONNECT_TIMEOUT_MS : duration(table.dial_timeout),
    mirrorOf: isUpstream ? undefined : domain,
  };
}

function parseUrl(text: string, file: string): URL {
  // containerd takes a host without scheme too.
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  throw new RuntimeError('InvalidArgument', `${file}: "${text}" is not an http or https URL`);
}

const isCapability = (name: string): name is Capability => name === 'pull' || name === 'resolve';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** A Go duration, in ms. */
const duration = (text: string): number =>
  [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * UNITS[unit as keyof typeof UNITS],
    0,
  );

async function readTls(table: HostTable, file: string): Promise<HostTls> {
  const read = (path: string): Promise<string> =>
    readPem(isAbsolute(path) ? path : join(file, '..', path), file);
  const ca = table.ca === undefined ? [] : [table.ca].flat();
  // `client = ["cert", "key"]` is one pair; `[["cert", "key"], "both"]` are two.
  const client = table.client ?? [];
  const isPair =
    Array.isArray(client) && client.length === 2 && client.every((part) => typeof part === 'string');
  const pairs = typeof client === 'string' ? [client] : isPair ? [client] : client;
  return {
    ca: await Promise.all(ca.map(read)),
    client: await Promise.all(
      pairs.map(async (pair) => {
        const [certificate = '', key = certificate] = [pair].flat();
        return { certificate: await read(certificate), key: await read(key) };
      }),
    ),
    skipVerify: table.skip_verify ?? false,
  };
}

/** Docker's own layout of such a directory: `*.crt` are CAs, `*.cert` with `*.key` are client pairs. */
async function dockerTls(directory: string, names: readonly string[]): Promise<HostTls | undefined> {
  const read = (name: string): Promise<string> => readPem(join(directory, name), directory);
  const authorities = names.filter((name) => name.endsWith('.crt'));
  const certificates = names.filter((name) => name.endsWith('.cert'));
  if (authorities.length + certificates.length === 0) return undefined;
  return {
    ...DEFAULT_TLS,
    ca: await Promise.all(authorities.map(read)),
    client: await Promise.all(
      certificates.map(async (name) => ({
        certificate: await read(name),
        key: await read(name.replace(/\.cert$/, '.key')),
      })),
    ),
  };
}

async function readPem(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new RuntimeError('InvalidArgument', `${file}: can't read ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function namesIn(directory: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoCode(error) ?? '')) return undefined;
    throw error;
  }
}
