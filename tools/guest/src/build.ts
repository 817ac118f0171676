import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import { KERNEL_META_PACKAGE, LIBRARY_PACKAGES, PROGRAMS } from './contents.ts';
import { initramfs } from './initramfs.ts';
import { kernelPackage, vmlinux } from './kernel.ts';
import { packageTree, type PackageTree } from './package-tree.ts';

const HERE = path.join(import.meta.dirname, '..');
const REPOSITORY = path.join(HERE, '../..');
const PACKAGE_CACHE = path.join(REPOSITORY, '.cache/debian');

/** Where a guest built from this checkout is. */
export const GUEST_DIRECTORY = path.join(REPOSITORY, '.cache/guest');

/** What a guest was made of; beside it as `manifest.json`. */
interface Manifest {
  /** Of everything in this tool: another one means that the guest must be built anew. */
  readonly source: string;
  readonly packages: Readonly<Record<string, string>>;
  /** SHA-256 of each file of the guest. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Makes `vmlinux`, `initramfs` and `manifest.json` in a directory, unless those there were made by the same
 * tool. Packages are downloaded with the machine's apt and unpacked; nothing is installed.
 * @throws FailedPrecondition if a package or a program (gcc, readelf, xz) is missing.
 */
export async function buildGuest(directory: string, say: (line: string) => void): Promise<void> {
  if (process.arch !== 'x64')
    throw new RuntimeError(
      'FailedPrecondition',
      `the guest is made for x86-64 alone, not for ${process.arch}`,
    );
  const source = await digestOfTool();
  if ((await sourceOf(directory)) === source) return;
  say(`building the guest of virtual machines in ${directory}`);
  await mkdir(directory, { recursive: true });
  const kernel = await packageTree(await kernelPackage(KERNEL_META_PACKAGE), PACKAGE_CACHE);
  const programs = await trees([...new Set(PROGRAMS.map((program) => program.package))]);
  const libraries = await trees(LIBRARY_PACKAGES);
  const workDirectory = path.join(directory, 'work');
  const contents = {
    vmlinux: await vmlinux(kernel.root),
    initramfs: await initramfs({ kernel, programs, libraries, workDirectory }),
  };
  const all = [kernel, ...programs, ...libraries];
  const manifest: Manifest = {
    source,
    packages: Object.fromEntries(all.map(({ name, version }) => [name, version])),
    files: Object.fromEntries(Object.entries(contents).map(([name, content]) => [name, digestOf(content)])),
  };
  for (const [name, content] of Object.entries(contents)) await replace(path.join(directory, name), content);
  await replace(path.join(directory, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

async function trees(names: readonly string[]): Promise<readonly PackageTree[]> {
  const found: PackageTree[] = [];
  for (const name of names) found.push(await packageTree(name, PACKAGE_CACHE));
  return found;
}

async function sourceOf(directory: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(path.join(directory, 'manifest.json'), 'utf8')) as Manifest).source;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function digestOfTool(): Promise<string> {
  const hash = createHash('sha256');
  for (const part of ['root', 'programs', 'src']) {
    const entries = await readdir(path.join(HERE, part), { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
    for (const file of files.toSorted()) hash.update(path.relative(HERE, file)).update(await readFile(file));
  }
  return hash.digest('hex');
}

const digestOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** Whole or not at all: a machine may be started from it at any time. */
async function replace(file: string, content: Buffer | string): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}
