import { realpath } from 'node:fs/promises';
import { createRequire, findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { describeError, RuntimeError } from '@crihub/kernel';

/** A package name as npm takes it; anything else would be read as a path. */
const NAME = /^(@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/;

/** A backend package that is installed. */
export interface FoundPackage {
  /** The file that is imported. */
  readonly entry: string;
  /** The package's own directory, links followed: the stacks of its errors name it. */
  readonly directory: string;
}

/**
 * Looks for a package below `<directory>/node_modules`. Loads nothing.
 * @returns undefined if none of this name is installed.
 * @throws FailedPrecondition if it is, but has no entry point.
 */
export async function findPackage(name: string, directory: string): Promise<FoundPackage | undefined> {
  if (!NAME.test(name)) return undefined;
  const from = join(directory, 'package.json');
  const manifest = manifestOf(name, from);
  // Packages beside or above the configured place are not meant.
  if (manifest === undefined || !manifest.startsWith(join(directory, 'node_modules', name))) return undefined;
  try {
    const entry = createRequire(from).resolve(name);
    return { entry, directory: dirname(await realpath(manifest)) };
  } catch (cause) {
    throw new RuntimeError(
      'FailedPrecondition',
      `backend package ${name} in ${directory} has no entry point: ${describeError(cause)}`,
      { cause },
    );
  }
}

function manifestOf(name: string, from: string): string | undefined {
  try {
    return findPackageJSON(name, from);
  } catch {
    // Node throws for a package that is not there.
    return undefined;
  }
}
