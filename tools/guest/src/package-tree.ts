import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { RuntimeError } from '@crihub/kernel';
import { availablePackage, unpackedPackage } from '@crihub/tool-fixtures';

/** An unpacked Debian package. */
export interface PackageTree {
  readonly name: string;
  readonly version: string;
  readonly root: string;
  /** Its files below the root. */
  readonly files: readonly string[];
}

/** Downloads and unpacks a package; libraries may have the suffix of the change to 64-bit times. */
export async function packageTree(name: string, cache: string): Promise<PackageTree> {
  const actual = name.startsWith('lib') ? await availablePackage([name, `${name}t64`]) : name;
  const root = await unpackedPackage(actual, cache);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return { name: actual, version: await versionOf(actual, files), root, files };
}

/** The newest version in the package's own change log. */
async function versionOf(name: string, files: readonly string[]): Promise<string> {
  const log = files.find(
    (file) => /changelog(\.Debian)?(\.amd64)?\.gz$/.test(file) && file.includes('/doc/'),
  );
  if (log === undefined) return 'unknown';
  const text = (await promisify(gunzip)(await readFile(log))).toString();
  return /\(([^)]+)\)/.exec(text)?.[1] ?? `unknown (${name})`;
}

/** Finds a file by its name among those of packages. @throws FailedPrecondition if there is none. */
export function findFile(trees: readonly PackageTree[], name: string, where: RegExp): string {
  for (const { files } of trees) {
    const found = files.find((file) => path.basename(file) === name && where.test(path.dirname(file)));
    if (found !== undefined) return found;
  }
  throw new RuntimeError('FailedPrecondition', `no package of the guest has a file ${name}`);
}
