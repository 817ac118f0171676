import { readFile } from 'node:fs/promises';
import { command } from './command.ts';
import type { CpioEntry } from './cpio.ts';
import { findFile, type PackageTree } from './package-tree.ts';

const LIBRARY_DIRECTORY = /\/lib(\/x86_64-linux-gnu)?$/;
const LOADER = 'ld-linux-x86-64.so.2';

/** All shared libraries that these programs need, those of the libraries included, and the loader. */
export async function librariesOf(
  programs: readonly string[],
  trees: readonly PackageTree[],
): Promise<readonly CpioEntry[]> {
  const found = new Map<string, string>();
  const waiting = [...programs];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    for (const name of await needed(file)) {
      if (found.has(name)) continue;
      const library = findFile(trees, name, LIBRARY_DIRECTORY);
      found.set(name, library);
      waiting.push(library);
    }
  }
  found.set(LOADER, findFile(trees, LOADER, LIBRARY_DIRECTORY));
  const names = [...found.keys()].toSorted();
  const files = names.map(async (name): Promise<CpioEntry> => {
    const content = await readFile(found.get(name) ?? name);
    return { kind: 'file', path: `lib/${name}`, mode: 0o755, content };
  });
  return [{ kind: 'link', path: 'lib64', target: 'lib' }, ...(await Promise.all(files))];
}

async function needed(file: string): Promise<readonly string[]> {
  const output = (await command('readelf', ['--dynamic', '--wide', file])).toString();
  return [...output.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name = '']) => name);
}
