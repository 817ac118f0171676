import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, errnoCode, type Logger, RuntimeError } from '@crihub/kernel';
import { z } from 'zod';
import type { Attachment, AttachmentKey } from './attachment.ts';
import { type NetworkList, parseNetworkList, serializeNetworkList } from './network-list.ts';
import type { RawResult } from './network-result.ts';

/** What is known of an ADD. */
export interface CacheEntry {
  readonly attachment: Attachment;
  /** The network as it was then: its file may have changed or gone since. */
  readonly network: NetworkList;
  /** Absent when the ADD was begun and did not succeed: what it left behind is not known. */
  readonly result: RawResult | undefined;
}

const KIND = 'cniCacheV1';

const fileSchema = z.object({
  kind: z.literal(KIND),
  containerId: z.string(),
  config: z.base64(),
  ifName: z.string(),
  networkName: z.string(),
  netns: z.string().default(''),
  cniArgs: z.array(z.tuple([z.string(), z.string()])).nullish(),
  capabilityArgs: z.record(z.string(), z.unknown()).nullish(),
  result: z.record(z.string(), z.unknown()).nullish(),
});

/**
 * The attachments of this node, in files of libcni's format and place
 * (`<directory>/results/<network>-<container id>-<interface>`), so that other tools can read them.
 * Callers let no two operations on one attachment overlap.
 */
export class ResultCache {
  readonly #directory: string;
  readonly #logger: Logger;

  constructor({ directory }: { readonly directory: string }, { logger }: { readonly logger: Logger }) {
    this.#directory = directory;
    this.#logger = logger;
  }

  /**
   * Replaces the entry. One with a result survives a power failure when this resolves. One without is for
   * the case that this process dies during ADD; DEL falls back on the configured network if it is lost.
   */
  async write({ attachment, network, result }: CacheEntry): Promise<void> {
    const name = fileName(network.name, attachment);
    await mkdir(this.#results, { recursive: true, mode: 0o700 });
    const text = JSON.stringify({
      kind: KIND,
      containerId: attachment.containerId,
      config: Buffer.from(serializeNetworkList(network)).toString('base64'),
      ifName: attachment.interfaceName,
      networkName: network.name,
      netns: attachment.netns,
      cniArgs: attachment.args,
      capabilityArgs: attachment.capabilities,
      ...(result === undefined ? {} : { result }),
    });
    const durable = result !== undefined;
    await writePrivate(this.#temporary(name), text, durable);
    await rename(this.#temporary(name), join(this.#results, name));
    if (durable) await syncDirectory(this.#results);
  }

  async remove(networkName: string, key: AttachmentKey): Promise<void> {
    const name = fileName(networkName, key);
    await rm(join(this.#results, name), { force: true });
    await rm(this.#temporary(name), { force: true });
  }

  /** The entries of one attachment; more than one if it was tried on several networks. */
  async find(key: AttachmentKey): Promise<readonly CacheEntry[]> {
    const entries = await this.#read((name) => name.endsWith(`-${key.containerId}-${key.interfaceName}`));
    return entries.filter(({ attachment }) => attachment.containerId === key.containerId);
  }

  /** The entries of one network. */
  async ofNetwork(networkName: string): Promise<readonly CacheEntry[]> {
    const entries = await this.#read((name) => name.startsWith(`${networkName}-`));
    return entries.filter(({ network }) => network.name === networkName);
  }

  get #results(): string {
    return join(this.#directory, 'results');
  }

  /** Outside `results`, where readers take every file for an attachment. */
  #temporary(name: string): string {
    return join(this.#directory, `.${name}.tmp`);
  }

  async #read(wanted: (name: string) => boolean): Promise<CacheEntry[]> {
    const names = (await namesIn(this.#results)).filter(wanted).toSorted();
    const entries = await Promise.all(names.map((name) => this.#readFile(join(this.#results, name))));
    return entries.filter((entry) => entry !== undefined);
  }

  async #readFile(file: string): Promise<CacheEntry | undefined> {
    try {
      return parseEntry(await readFile(file, 'utf8'), file);
    } catch (error) {
      // Removed since the directory was listed, or damaged: then DEL falls back on the configured network.
      if (errnoCode(error) !== 'ENOENT') {
        this.#logger.warn('cni cache file ignored', { file, error: describeError(error) });
      }
      return undefined;
    }
  }
}

function parseEntry(text: string, file: string): CacheEntry {
  const entry = fileSchema.parse(JSON.parse(text));
  const network = parseNetworkList(Buffer.from(entry.config, 'base64').toString('utf8'), `config of ${file}`);
  if (network.plugins.length === 0) throw new RuntimeError('Internal', `${file} names no plugins`);
  return {
    attachment: {
      containerId: entry.containerId,
      interfaceName: entry.ifName,
      netns: entry.netns,
      args: entry.cniArgs ?? [],
      capabilities: entry.capabilityArgs ?? {},
    },
    network: { ...network, name: entry.networkName },
    result: entry.result ?? undefined,
  };
}

const fileName = (networkName: string, { containerId, interfaceName }: AttachmentKey): string =>
  `${networkName}-${containerId}-${interfaceName}`;

async function writePrivate(path: string, text: string, durable: boolean): Promise<void> {
  await using file = await open(path, 'w', 0o600);
  await file.writeFile(text);
  if (durable) await file.sync();
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  }
}
