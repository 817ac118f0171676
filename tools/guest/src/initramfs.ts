import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { command } from './command.ts';
import { DIRECTORIES, MODULES, PROGRAMS } from './contents.ts';
import { cpioArchive, type CpioEntry } from './cpio.ts';
import { compile, kernelModules } from './kernel.ts';
import { librariesOf } from './libraries.ts';
import { findFile, type PackageTree } from './package-tree.ts';

const HERE = path.join(import.meta.dirname, '..');
const PROGRAM_DIRECTORY = /\/s?bin$/;

export interface InitramfsSources {
  readonly kernel: PackageTree;
  readonly programs: readonly PackageTree[];
  readonly libraries: readonly PackageTree[];
  /** For what is compiled. */
  readonly workDirectory: string;
}

/** The guest's root file system. It is not packed: unpacking costs the guest more than reading. */
export async function initramfs(sources: InitramfsSources): Promise<Buffer> {
  const chosen = PROGRAMS.map((program) => ({
    ...program,
    file: findFile(sources.programs, program.name, PROGRAM_DIRECTORY),
  }));
  const packaged = chosen.map(async ({ file, path: target }) => executable(target, await readFile(file)));
  const busybox = chosen.find(({ name }) => name === 'busybox')?.file ?? 'busybox';
  const entries = [
    ...DIRECTORIES.map((directory): CpioEntry => ({ kind: 'directory', path: directory })),
    ...(await Promise.all(packaged)),
    ...(await applets(busybox, new Set(PROGRAMS.map(({ path: target }) => target)))),
    ...(await librariesOf(
      chosen.map(({ file }) => file),
      sources.libraries,
    )),
    ...(await modules(sources.kernel)),
    ...(await ourPrograms(sources.workDirectory)),
    ...(await ourFiles()),
  ];
  return cpioArchive(withDirectories(entries));
}

const executable = (target: string, content: Buffer): CpioEntry => ({
  kind: 'file',
  path: target,
  mode: 0o755,
  content,
});

/** The names under which busybox is other programs. */
async function applets(busybox: string, taken: ReadonlySet<string>): Promise<readonly CpioEntry[]> {
  const names = (await command(busybox, ['--list-full'])).toString().trim().split('\n');
  return names
    .filter((name) => !taken.has(name) && name !== 'bin/busybox')
    .map((name) => ({ kind: 'link', path: name, target: '/bin/busybox' }));
}

async function modules(kernel: PackageTree): Promise<readonly CpioEntry[]> {
  const found = await kernelModules(kernel.root, MODULES);
  const order = {
    kind: 'file',
    path: 'lib/modules/order',
    mode: 0o644,
    content: Buffer.from(`${MODULES.join('\n')}\n`),
  };
  const files = [...found].map(([name, content]) => ({
    kind: 'file',
    path: `lib/modules/${name}.ko`,
    mode: 0o644,
    content,
  }));
  return [order, ...files] as readonly CpioEntry[];
}

async function ourPrograms(workDirectory: string): Promise<readonly CpioEntry[]> {
  const directory = path.join(HERE, 'programs');
  const sources = (await readdir(directory)).filter((name) => name.endsWith('.c')).toSorted();
  return await Promise.all(
    sources.map(async (source) =>
      executable(
        `usr/bin/${path.basename(source, '.c')}`,
        await compile(path.join(directory, source), workDirectory),
      ),
    ),
  );
}

/** What lies in `root/`, as it lies there. */
async function ourFiles(): Promise<readonly CpioEntry[]> {
  const root = path.join(HERE, 'root');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return await Promise.all(
    files.toSorted().map(async (file): Promise<CpioEntry> => {
      const isExecutable = ((await stat(file)).mode & 0o100) !== 0;
      const target = path.relative(root, file);
      return {
        kind: 'file',
        path: target,
        mode: isExecutable ? 0o755 : 0o644,
        content: await readFile(file),
      };
    }),
  );
}

/** Each directory before what is in it. */
function withDirectories(entries: readonly CpioEntry[]): readonly CpioEntry[] {
  const made = new Set<string>();
  return entries.flatMap((entry) => {
    const parts = entry.path.split('/').slice(0, entry.kind === 'directory' ? undefined : -1);
    const above = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const missing = above.filter((one) => one !== '' && !made.has(one));
    for (const one of missing) made.add(one);
    const directories = missing.map((one): CpioEntry => ({ kind: 'directory', path: one }));
    return entry.kind === 'directory' ? directories : [...directories, entry];
  });
}
