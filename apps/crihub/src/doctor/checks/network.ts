import type { Config } from '@crihub/config';
import { describeError, silentLogger } from '@crihub/kernel';
import { type LoadedNetworks, NetworkConfigs } from '@crihub/service-network';
import { run } from '@crihub/transport/process';
import { error, type Finding, ok, warning } from '../finding.ts';
import { findProgram } from './programs.ts';

const PLUGIN_MS = 5_000;

/** The pod network of each directory that a handler uses: its lists, and the plugins that they name. */
export async function checkNetwork(
  { network, handlers }: Config,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const own = Object.values(handlers).flatMap(({ cniConfDirectory }) => cniConfDirectory ?? []);
  const directories = [...new Set([network.confDirectory, ...own])];
  const findings = directories.map(async (directory) => {
    const loaded = await loadNetworks(directory);
    const plugins = loaded.networks[0]?.plugins.map(({ type }) => type) ?? [];
    const found = plugins.map(async (type) => await checkPlugin(type, network.binDirectories, signal));
    return [...judgeNetworks(directory, loaded), ...(await Promise.all(found))];
  });
  return (await Promise.all(findings)).flat();
}

/** As the daemon reads them. */
async function loadNetworks(directory: string): Promise<LoadedNetworks> {
  const configs = new NetworkConfigs({ directory }, { logger: silentLogger });
  try {
    await configs.reload();
    return configs.loaded;
  } finally {
    await configs.close();
  }
}

export function judgeNetworks(directory: string, { networks, problems }: LoadedNetworks): readonly Finding[] {
  const used = networks[0];
  return [
    used === undefined
      ? error(
          'network',
          `no network list in ${directory}`,
          'install a CNI network; pods get no address until then',
        )
      : ok('network', `'${used.name}' of ${directory}`),
    ...problems.map(({ file, error: cause }) =>
      warning('network', `${file} is not used: ${describeError(cause)}`, 'mend it, or take it away'),
    ),
  ];
}

async function checkPlugin(
  type: string,
  directories: readonly string[],
  signal: AbortSignal,
): Promise<Finding> {
  const check = `network plugin ${type}`;
  const path = await findProgram(type, directories);
  if (path === undefined) {
    const advice = 'apt-get install containernetworking-plugins, or set network.binDirectories';
    return error(check, `not in ${directories.join(', ')}`, advice);
  }
  return ok(check, [path, await pluginVersion(path, signal)].filter(Boolean).join(', '));
}

/** Started as by hand, a plugin tells its version and what it speaks; not all do. */
async function pluginVersion(path: string, signal: AbortSignal): Promise<string> {
  const { stderr, stdout } = await run(path, { timeoutMs: PLUGIN_MS, signal });
  const text = `${stderr.toString()}\n${stdout.toString()}`;
  const versions = /versions supported: (.+)/.exec(text)?.[1]?.split(', ').at(-1);
  return versions === undefined ? '' : `CNI ${versions}`;
}
