import { cp, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { REPOSITORY } from './entry-points.ts';

/** Packages with machine code, which can't be part of a bundle; they are shipped as they are. */
export const NATIVE_PACKAGES = ['koffi'] as const;

// koffi's own sources and documentation, of no use on a node; its machine code is a package per platform.
const UNUSED = ['doc', 'vendor', 'lib', 'src/koffi/src', 'src/koffi/CMakeLists.txt', 'cnoke.cjs'];

/** Copies them into `directory`; the platform is the one that the dependencies were installed for. */
export async function copyNativePackages(directory: string): Promise<void> {
  const modules = path.join(REPOSITORY, 'node_modules');
  const platforms = (await readdir(path.join(modules, '@koromix'))).map((name) => `@koromix/${name}`);
  for (const name of [...NATIVE_PACKAGES, ...platforms]) {
    const source = path.join(modules, name);
    const unused = UNUSED.map((part) => path.join(source, part));
    const target = path.join(directory, 'node_modules', name);
    await mkdir(path.dirname(target), { recursive: true });
    await cp(source, target, { recursive: true, filter: (file) => !unused.includes(file) });
  }
}
