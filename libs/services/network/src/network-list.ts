import { RuntimeError } from '@crihub/kernel';
import { z } from 'zod';
import { CNI_VERSIONS, type CniVersion, newestSpoken } from './cni-version.ts';

/** One plugin's part of a network; keys that are not known here go to the plugin as they are. */
export interface PluginConfig {
  /** Name of the program in the plugin directories. */
  readonly type: string;
  readonly capabilities?: Readonly<Record<string, boolean>> | undefined;
  readonly [key: string]: unknown;
}

/** A network: a chain of plugins under one name (CNI specification 1.1, section 1). */
export interface NetworkList {
  readonly name: string;
  readonly cniVersion: CniVersion;
  readonly disableCheck: boolean;
  readonly disableGC: boolean;
  readonly plugins: readonly PluginConfig[];
}

// libcni accepts flags as strings too.
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const networkName = z
  .string()
  .regex(/^[a-zA-Z0-9][\w.-]*$/, 'must start with a letter or digit and hold only letters, digits, _ . -');

const pluginSchema = z.looseObject({
  // It becomes a file name: a separator in it would reach outside the plugin directories.
  type: z.string().regex(/^[^/\0]+$/, 'must be the name of a program, without "/"'),
  capabilities: z.record(z.string(), z.boolean()).optional(),
});

const versionShape = { cniVersion: z.string().optional(), cniVersions: z.array(z.string()).optional() };

const listSchema = z.object({
  ...versionShape,
  name: networkName,
  disableCheck: flag.default(false),
  disableGC: flag.default(false),
  loadOnlyInlinedPlugins: flag.default(false),
  plugins: z.array(pluginSchema).default([]),
});

const singleSchema = pluginSchema.extend({ ...versionShape, name: networkName });

/** A list as its file says it: plugins of a folder of its own may still have to be added. */
export interface ParsedNetworkList extends NetworkList {
  readonly loadOnlyInlinedPlugins: boolean;
}

/** Reads the text of a `.conflist`. @throws InvalidArgument with what is wrong; `origin` names the text. */
export function parseNetworkList(text: string, origin: string): ParsedNetworkList {
  const { cniVersion, cniVersions, ...list } = parse(listSchema, text, origin);
  return { ...list, cniVersion: negotiate(cniVersion, cniVersions, origin) };
}

/** Reads the text of a `.conf` or `.json`, which holds one plugin, as a list of that plugin. */
export function parseSingleNetwork(text: string, origin: string): NetworkList {
  const { name, cniVersion, cniVersions, ...plugin } = parse(singleSchema, text, origin);
  return {
    name,
    cniVersion: negotiate(cniVersion, cniVersions, origin),
    disableCheck: false,
    disableGC: false,
    plugins: [plugin],
  };
}

/** Reads one plugin of a list that keeps its plugins in files. */
export const parsePlugin = (text: string, origin: string): PluginConfig => parse(pluginSchema, text, origin);

/** The list as a text of its own, complete, that `parseNetworkList` and other runtimes read back. */
export const serializeNetworkList = (network: NetworkList): string =>
  JSON.stringify({
    cniVersion: network.cniVersion,
    name: network.name,
    disableCheck: network.disableCheck,
    disableGC: network.disableGC,
    loadOnlyInlinedPlugins: true,
    plugins: network.plugins,
  });

function parse<Schema extends z.ZodType>(schema: Schema, text: string, origin: string): z.output<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new RuntimeError('InvalidArgument', `${origin} is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`,
  );
  throw new RuntimeError('InvalidArgument', `${origin} is not a CNI configuration: ${issues.join('; ')}`);
}

function negotiate(
  version: string | undefined,
  versions: readonly string[] | undefined,
  origin: string,
): CniVersion {
  const offered = [...(version === undefined ? [] : [version]), ...(versions ?? [])];
  const chosen = newestSpoken(offered);
  if (chosen !== undefined) return chosen;
  const found = offered.length === 0 ? 'names no cniVersion' : `asks for CNI ${offered.join(', ')}`;
  throw new RuntimeError('InvalidArgument', `${origin} ${found}; known are ${CNI_VERSIONS.join(', ')}`);
}
