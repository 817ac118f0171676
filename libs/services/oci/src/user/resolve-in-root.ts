import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode, RuntimeError } from '@crihub/kernel';

/** As many as the kernel follows: path_resolution(7). */
const MAX_LINKS = 40;

/**
 * The host's path of a path within a root directory, as a process whose root that is would find it:
 * symbolic links and `..` never lead out of it. What does not exist is taken as named.
 * The answer holds as long as nobody changes the tree: use it before anything runs there.
 * @throws FailedPrecondition for a loop of links.
 */
export async function resolveInRoot(root: string, path: string): Promise<string> {
  const pending = components(path).reverse();
  let resolved: string[] = [];
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '..') {
      resolved.pop();
      continue;
    }
    const target = await linkTarget(join(root, ...resolved, name));
    if (target === undefined) {
      resolved.push(name);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw tooManyLinks(root, path);
    if (target.startsWith('/')) resolved = [];
    pending.push(...components(target).reverse());
  }
  return join(root, ...resolved);
}

const components = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.');

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    const code = errnoCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

const tooManyLinks = (root: string, path: string): RuntimeError =>
  new RuntimeError(
    'FailedPrecondition',
    `${path} in the root filesystem ${root} leads through more than ${String(MAX_LINKS)} symbolic links`,
    { operation: 'resolve path' },
  );
