import { cp, readdir } from 'node:fs/promises';
import path from 'node:path';
import { REPOSITORY } from './entry-points.ts';

/** Packages with machine code, which can't be part of a bundle; they are shipped as they are. */
export const NATIVE_PACKAGES = ['koffi'] as const;

/** Copies them into `directory`, for the platform that the dependencies were installed for. */
export async function copyNativePackages(directory: string): Promise<void> {
  const modules = path.join(REPOSITORY, 'node_modules');
  // koffi's machine code is a package for each platform, of which npm installs the right one.
  const platforms = (await readdir(path.join(modules, '@koromix'))).map((name) => `@koromix/${name}`);
  for (const name of [...NATIVE_PACKAGES, ...platforms])
    await cp(path.join(modules, name), path.join(directory, 'node_modules', name), { recursive: true });
}
