import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { errnoCode } from '@crihub/kernel';
import { Cgroups, commandLineOf, detectCgroupLayout, listMounts, listPids } from '@crihub/linux';

export interface LeftoverOptions {
  /** Ids and cgroups of pods and containers that may be there. */
  readonly except?: readonly string[];
  /** Mounts of the test itself. */
  readonly ownMounts?: readonly string[];
}

interface Traces {
  readonly directory: string;
  readonly cgroupParent: string;
}

/** Names of pods' and containers' things begin with so much of the id, at least. */
const ID_LENGTH = 16;
/** host-local's own files; the others are one per address. */
const IPAM_FILES = /^(lock|last_reserved_ip\..*)$/;

/** Machines that no pod has had yet are the backend's, as an engine is: made in the background, and ended with the daemon. */
const SPARES = '/run/kata/spares/';

/** All that pods and containers leave on a machine: processes, cgroups, mounts, addresses, files. */
export async function leftoversOf(
  { directory, cgroupParent }: Traces,
  { except = [], ownMounts = [] }: LeftoverOptions,
): Promise<readonly string[]> {
  const [processes, cgroups, mounts, addresses, files] = await Promise.all([
    processesOf(directory, cgroupParent),
    cgroupsBelowPods(cgroupParent),
    listMounts(directory),
    addressesIn(path.join(directory, 'cni/addresses/e2e')),
    filesOf(directory),
  ]);
  const here = mounts.map(({ target }) => target).filter((target) => !ownMounts.includes(target));
  const found = [
    ...processes,
    ...cgroups.map((group) => `cgroup ${group}`),
    // The directory of pinned namespaces is a mount of its own.
    ...here.filter((target) => target !== path.join(directory, 'netns')).map((target) => `mount ${target}`),
    ...addresses,
    ...files.map((file) => `file ${file}`),
  ];
  const known = except.map((word) => (/^[0-9a-f]{64}$/.test(word) ? word.slice(0, ID_LENGTH) : word));
  return found.filter((sentence) => !known.some((word) => sentence.includes(word)));
}

async function processesOf(directory: string, cgroupParent: string): Promise<readonly string[]> {
  const lines = await Promise.all(
    (await listPids()).map(async (pid) => {
      const command = (await commandLineOf(pid)).join(' ');
      if (command === '') return []; // dead; to be reaped by whoever is its parent
      if (command.includes(`${directory}${SPARES}`)) return [];
      const groups = await readOrEmpty(`/proc/${String(pid)}/cgroup`);
      const inPod = groups.includes(`:${cgroupParent}/`);
      if (!inPod && !command.includes(`${directory}/run/`)) return [];
      return [`process ${String(pid)} ${command} in ${inPod ? groups.split('\n').join(' ') : 'no pod'}`];
    }),
  );
  return lines.flat();
}

/** The pods' own cgroups are the kubelet's; what is in them is the runtime's. */
async function cgroupsBelowPods(cgroupParent: string): Promise<readonly string[]> {
  const below = await Promise.all(
    (await cgroupRoots()).map(async (root) => {
      const pods = await directoriesIn(path.join(root, cgroupParent));
      return (await Promise.all(pods.map(directoriesIn))).flat();
    }),
  );
  return below.flat();
}

/** Removes the cgroups that stand for the kubelet's, and kills what a failed test left in them. */
export async function removeCgroups(cgroupParent: string): Promise<void> {
  const cgroups = await Cgroups.detect();
  await cgroups.kill(cgroupParent);
  await cgroups.remove(cgroupParent);
}

async function cgroupRoots(): Promise<readonly string[]> {
  const layout = await detectCgroupLayout();
  if (layout.version === 'v2') return [layout.root];
  const unified = layout.unified === undefined ? [] : [layout.unified];
  return [...layout.hierarchies.map(({ root }) => root), ...unified];
}

async function addressesIn(directory: string): Promise<readonly string[]> {
  const names = (await namesIn(directory)).filter((name) => !IPAM_FILES.test(name));
  return await Promise.all(
    names.map(async (name) => `address ${name} of ${await readOrEmpty(path.join(directory, name))}`),
  );
}

async function filesOf(directory: string): Promise<readonly string[]> {
  const backends = await namesIn(path.join(directory, 'state/backends'));
  const owned = [
    'netns',
    'state/sandboxes',
    'state/containers',
    'cni-results/results',
    ...backends.flatMap((name) => [
      `state/backends/${name}/sandboxes`,
      `state/backends/${name}/containers`,
      `state/backends/${name}/started`,
      `run/${name}/sandboxes`,
      `run/${name}/bundles`,
      `run/${name}/exits`,
      `run/${name}/runtime`,
    ]),
  ].map((name) => path.join(directory, name));
  const found = await Promise.all(
    owned.map(async (parent) => (await namesIn(parent)).map((name) => path.join(parent, name))),
  );
  return found.flat();
}

async function directoriesIn(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(directory, name));
  } catch (error) {
    return absent(error);
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    return absent(error);
  }
}

function absent(error: unknown): readonly string[] {
  if (errnoCode(error) === 'ENOENT') return [];
  throw error;
}

async function readOrEmpty(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(errnoCode(error) ?? '')) return '';
    throw error;
  }
}
