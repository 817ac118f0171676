import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import { command } from './command.ts';

const XZ_MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const ELF_MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

/** The name of the package that a meta package stands for: that of the newest kernel. */
export async function kernelPackage(meta: string): Promise<string> {
  const output = (await command('apt-cache', ['depends', meta])).toString();
  const name = /Depends: (linux-image-\S+)/.exec(output)?.[1];
  if (name === undefined) throw new RuntimeError('FailedPrecondition', `apt knows no kernel behind ${meta}`);
  return name;
}

/**
 * The kernel of an unpacked package, uncompressed: started by PVH it boots seconds sooner than one that
 * must unpack itself.
 */
export async function vmlinux(packageRoot: string): Promise<Buffer> {
  const boot = path.join(packageRoot, 'boot');
  const file = (await readdir(boot)).find((name) => name.startsWith('vmlinuz-'));
  const image = await readFile(path.join(boot, file ?? 'vmlinuz'));
  for (let at = image.indexOf(XZ_MAGIC); at >= 0; at = image.indexOf(XZ_MAGIC, at + 1)) {
    const content = await command('xz', ['--decompress', '--stdout', '--single-stream'], {
      input: image.subarray(at),
    }).catch(() => undefined); // the magic may stand in code, too
    if (content?.subarray(0, 4).equals(ELF_MAGIC) === true) return content;
  }
  throw new RuntimeError('FailedPrecondition', `${String(file)} holds no kernel packed by xz`);
}

/** The modules by name. */
export async function kernelModules(
  packageRoot: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  const root = path.join(packageRoot, 'lib/modules');
  const files = await readdir(root, { recursive: true });
  const found = names.map(async (name) => {
    const file = files.find((one) => path.basename(one).replaceAll('-', '_') === `${name}.ko`);
    if (file === undefined) throw new RuntimeError('FailedPrecondition', `the kernel has no module ${name}`);
    return [name, await readFile(path.join(root, file))] as const;
  });
  return new Map(await Promise.all(found));
}

/** Compiles a program of ours, static. The same source and compiler give the same bytes. */
export async function compile(source: string, workDirectory: string): Promise<Buffer> {
  await mkdir(workDirectory, { recursive: true });
  const name = path.basename(source, '.c');
  const output = path.join(workDirectory, name);
  const copy = path.join(workDirectory, `${name}.c`);
  await writeFile(copy, await readFile(source));
  const flags = ['-O2', '-Wall', '-Wextra', '-static', '-s', '-Wl,--build-id=none'];
  await command('gcc', [...flags, '-o', output, `${name}.c`], { cwd: workDirectory });
  return await readFile(output);
}
