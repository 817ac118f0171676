import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

const execute = promisify(execFile);
const wireFolder = join(import.meta.dirname, '..');
const programs = join(wireFolder, '../../node_modules/.bin');

/** Compiles the `.proto` files below a folder of this library into descriptors. */
export async function compile(protoFolder: string): Promise<FileDescriptorSet> {
  return await inTemporaryFolder(async (folder) => {
    const output = join(folder, 'descriptors.binpb');
    await buf('build', protoFolder, '--output', output);
    return fromBinary(FileDescriptorSetSchema, await readFile(output));
  });
}

/** What generating the code anew gives: text by path below `generated`. */
export async function generate(protoFolder: string): Promise<ReadonlyMap<string, string>> {
  return await inTemporaryFolder(async (folder) => {
    await buf('generate', protoFolder, '--template', 'buf.gen.yaml', '--output', folder);
    return await textFiles(join(folder, 'generated'));
  });
}

/** The text of every file below a folder, by its path in it. */
export async function textFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return new Map(files.map((file, index) => [file.slice(folder.length + 1), texts[index] ?? '']));
}

async function buf(...args: readonly string[]): Promise<void> {
  const path = `${programs}:${process.env['PATH'] ?? ''}`;
  await execute(join(programs, 'buf'), args, { cwd: wireFolder, env: { ...process.env, PATH: path } });
}

async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'crihub-wire-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
