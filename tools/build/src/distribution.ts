import { copyFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundle } from './bundle.ts';
import { ASSETS, PROGRAMS, REPOSITORY } from './entry-points.ts';
import { writeLauncher } from './launcher.ts';
import { writeLicences } from './licences.ts';
import { copyNativePackages } from './native-packages.ts';

export interface DistributionOptions {
  /** Is replaced as a whole. */
  readonly directory: string;
  /** A Node executable to ship, as `bin/node`; the node's own is used if absent. */
  readonly node?: string;
}

interface RootManifest {
  readonly version: string;
  readonly license: string;
  readonly description: string;
  readonly engines: Readonly<Record<string, string>>;
}

/**
 * Makes the directory that a node needs to run crihub: both programs bundled, the packages that can't be,
 * and how to install it. It is made beside its place first, so a build that fails leaves the last one.
 */
export async function buildDistribution({ directory, node }: DistributionOptions): Promise<void> {
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  try {
    await fill(unfinished, node);
    await rm(directory, { recursive: true, force: true });
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function fill(directory: string, node: string | undefined): Promise<void> {
  const metafile = await bundle(directory);
  await copyNativePackages(directory);
  await copyAssets(directory);
  await writeLicences(path.join(directory, 'THIRD-PARTY-LICENSES.txt'), metafile);
  await writeManifest(directory);
  await copyFile(path.join(REPOSITORY, 'LICENSE'), path.join(directory, 'LICENSE'));
  await cp(path.join(REPOSITORY, 'deploy'), path.join(directory, 'deploy'), { recursive: true });
  await mkdir(path.join(directory, 'bin'));
  for (const program of PROGRAMS) await writeLauncher(directory, program);
  if (node !== undefined) await copyFile(node, path.join(directory, 'bin/node'));
}

async function copyAssets(directory: string): Promise<void> {
  for (const [copy, asset] of Object.entries(ASSETS)) {
    await mkdir(path.dirname(path.join(directory, copy)), { recursive: true });
    await copyFile(asset, path.join(directory, copy));
  }
}

async function writeManifest(directory: string): Promise<void> {
  const root = JSON.parse(await readFile(path.join(REPOSITORY, 'package.json'), 'utf8')) as RootManifest;
  const { version, license, description, engines } = root;
  const manifest = { name: 'crihub', version, license, description, private: true, type: 'module', engines };
  await writeFile(path.join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
