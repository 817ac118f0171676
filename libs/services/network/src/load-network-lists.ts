import { readdir, readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import { type NetworkList, parseNetworkList, parsePlugin, parseSingleNetwork } from './network-list.ts';

/** A configuration file that can't be used, and why. */
export interface NetworkProblem {
  readonly file: string;
  readonly error: unknown;
}

export interface LoadedNetworks {
  /** The usable networks in the lexical order of their files; the first is the default. */
  readonly networks: readonly NetworkList[];
  readonly problems: readonly NetworkProblem[];
}

const CONFIG_EXTENSIONS = new Set(['.conf', '.conflist', '.json']);

/** Reads all configurations of a directory. One that is missing is empty; a bad file spoils no other. */
export async function loadNetworkLists(directory: string): Promise<LoadedNetworks> {
  const networks: NetworkList[] = [];
  const problems: NetworkProblem[] = [];
  for (const file of await filesOf(directory, CONFIG_EXTENSIONS)) {
    try {
      networks.push(await loadFile(file));
    } catch (error) {
      problems.push({ file, error });
    }
  }
  return { networks, problems };
}

async function loadFile(file: string): Promise<NetworkList> {
  const text = await readFile(file, 'utf8');
  if (extname(file) !== '.conflist') return parseSingleNetwork(text, file);
  const { loadOnlyInlinedPlugins, ...list } = parseNetworkList(text, file);
  const added = loadOnlyInlinedPlugins ? [] : await loadPlugins(join(dirname(file), list.name));
  const plugins = [...list.plugins, ...added];
  if (plugins.length === 0) throw new RuntimeError('InvalidArgument', `${file} has no plugins`);
  return { ...list, plugins };
}

/** CNI 1.1: a list may keep plugins in a folder that has the network's name. */
async function loadPlugins(directory: string): Promise<ReturnType<typeof parsePlugin>[]> {
  const files = await filesOf(directory, new Set(['.conf']));
  return Promise.all(files.map(async (file) => parsePlugin(await readFile(file, 'utf8'), file)));
}

async function filesOf(directory: string, extensions: ReadonlySet<string>): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => extensions.has(extname(name)))
      .toSorted()
      .map((name) => join(directory, name));
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  }
}
