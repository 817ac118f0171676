import { RuntimeError } from '@crihub/kernel';
import type { CdiFileEdits, CdiSpecFile } from './cdi-schema.ts';
import type { CdiEdits } from './container-edits.ts';
import { loadCdiSpecs, type LoadedSpec } from './load-specs.ts';
import { resolveEdits } from './resolve-edits.ts';

/** Later ones win: what is generated at run time over what is configured. */
export const DEFAULT_CDI_DIRECTORIES: readonly string[] = ['/etc/cdi', '/var/run/cdi'];

export interface CdiRegistryOptions {
  readonly directories?: readonly string[];
}

interface KnownDevice {
  readonly path: string;
  readonly spec: CdiSpecFile;
  readonly edits: CdiFileEdits;
  /** Another file of the same directory that has it too: nobody can say which is meant. */
  readonly conflict?: string;
}

/** The devices that vendors describe on this host. Files are read when asked, so changes need no restart. */
export class CdiRegistry {
  readonly #directories: readonly string[];

  constructor({ directories = DEFAULT_CDI_DIRECTORIES }: CdiRegistryOptions = {}) {
    this.#directories = directories;
  }

  /**
   * What the named devices change in a container; nothing for no names.
   * @param names Fully qualified: `vendor.com/class=name`.
   * @throws InvalidArgument for an unknown device, naming those that are known and the files that can't be
   *   used, or for one that two files of a directory describe; FailedPrecondition if its node is missing.
   */
  async resolve(names: readonly string[]): Promise<CdiEdits | undefined> {
    if (names.length === 0) return undefined;
    const loaded = await Promise.all(this.#directories.map(loadCdiSpecs));
    const devices = byName(loaded);
    const wanted = [...new Set(names)].map((name) => find(name, devices, loaded.flat()));
    // What a file says for all its devices comes once, before that of its first device asked for.
    const applied = new Set<string>();
    const edits = wanted.flatMap(({ path, spec, edits: own }) => {
      if (applied.has(path)) return [own];
      applied.add(path);
      return [spec.containerEdits, own];
    });
    return await resolveEdits(edits);
  }
}

function byName(directories: readonly (readonly LoadedSpec[])[]): ReadonlyMap<string, KnownDevice> {
  const all = new Map<string, KnownDevice>();
  for (const directory of directories) {
    const here = new Map<string, KnownDevice>();
    for (const loaded of directory) {
      if ('spec' in loaded) addDevices(loaded.path, loaded.spec, here);
    }
    for (const [name, device] of here) all.set(name, device);
  }
  return all;
}

function addDevices(path: string, spec: CdiSpecFile, devices: Map<string, KnownDevice>): void {
  for (const { name, containerEdits } of spec.devices) {
    const qualified = `${spec.kind}=${name}`;
    const other = devices.get(qualified);
    devices.set(qualified, {
      path,
      spec,
      edits: containerEdits,
      ...(other === undefined ? {} : { conflict: other.path }),
    });
  }
}

function find(
  name: string,
  devices: ReadonlyMap<string, KnownDevice>,
  loaded: readonly LoadedSpec[],
): KnownDevice {
  const device = devices.get(name);
  if (device === undefined) throw unknownDevice(name, [...devices.keys()], loaded);
  if (device.conflict === undefined) return device;
  throw invalid(`the CDI device "${name}" is described by both ${device.conflict} and ${device.path}`);
}

function unknownDevice(name: string, known: readonly string[], loaded: readonly LoadedSpec[]): RuntimeError {
  const broken = loaded.flatMap((file) => ('problem' in file ? [`${file.path}: ${file.problem}`] : []));
  const list = known.length === 0 ? 'none is known' : `known are ${known.toSorted().join(', ')}`;
  const files = broken.length === 0 ? '' : `; these files can't be used: ${broken.join('; ')}`;
  return invalid(`unknown CDI device "${name}"; ${list}${files}`);
}

const invalid = (message: string): RuntimeError =>
  new RuntimeError('InvalidArgument', message, { operation: 'resolve CDI devices' });
