import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoCode, RuntimeError } from '@crihub/kernel';

const TEMPLATE = join(import.meta.dirname, '../template');
const SUFFIX = '.template';
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/**
 * Writes a new backend library: a class whose operations are still to be written, its options, and the
 * contract kit on a rig of this machine.
 * @param name such as `fire-cracker`.
 * @param directory is made; nothing may be there.
 * @throws InvalidArgument for a name that can't be one, AlreadyExists.
 */
export async function newBackend(name: string, directory: string): Promise<readonly string[]> {
  if (!NAME.test(name))
    throw new RuntimeError(
      'InvalidArgument',
      `'${name}' is no name of a backend: use a word such as fire-cracker`,
    );
  await mkdir(dirname(directory), { recursive: true });
  await makeDirectory(directory);
  const files = (await readdir(TEMPLATE, { recursive: true })).filter((file) => file.endsWith(SUFFIX));
  return await Promise.all(files.map(async (file) => await writeFrom(file, name, directory)));
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (cause) {
    if (errnoCode(cause) !== 'EEXIST') throw cause;
    throw new RuntimeError('AlreadyExists', `${directory} exists already`, { cause });
  }
}

async function writeFrom(file: string, name: string, directory: string): Promise<string> {
  const target = join(directory, fillIn(file.slice(0, -SUFFIX.length), name));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, fillIn(await readFile(join(TEMPLATE, file), 'utf8'), name));
  return target;
}

/** `__name__` is the name as it is, `__Name__` that of a class, `__name_c__` that of a value. */
function fillIn(text: string, name: string): string {
  const camel = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const pascal = camel.charAt(0).toUpperCase() + camel.slice(1);
  return text.replaceAll('__name__', name).replaceAll('__Name__', pascal).replaceAll('__name_c__', camel);
}
