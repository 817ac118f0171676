import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { REPOSITORY } from './entry-points.ts';

const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;
const LICENCE = /^(licen[cs]e|copying|notice)/i;

/** Writes the licences of all packages that went into the bundle into one file, as most of them ask for. */
export async function writeLicences(file: string, { inputs }: Metafile): Promise<void> {
  const folders = new Set(Object.keys(inputs).flatMap((input) => PACKAGE.exec(input)?.[0] ?? []));
  const texts = await Promise.all([...folders].sort().map(licenceOf));
  await writeFile(file, `${texts.join(`\n${'-'.repeat(100)}\n\n`)}`);
}

async function licenceOf(folder: string): Promise<string> {
  const directory = path.join(REPOSITORY, folder);
  const manifest = JSON.parse(await readFile(path.join(directory, 'package.json'), 'utf8')) as Manifest;
  // Some packages have a directory of them, for what they hold of others.
  const found = await readdir(directory, { withFileTypes: true });
  const inside = found.filter((entry) => entry.isDirectory() && LICENCE.test(entry.name));
  const nested = await Promise.all(
    inside.map(async ({ name }) =>
      (await readdir(path.join(directory, name))).map((file) => `${name}/${file}`),
    ),
  );
  const files = found.filter((entry) => entry.isFile() && LICENCE.test(entry.name)).map(({ name }) => name);
  const names = [...files, ...nested.flat()].sort();
  const texts = await Promise.all(names.map(async (name) => readFile(path.join(directory, name), 'utf8')));
  return [`${manifest.name} ${manifest.version}, ${manifest.license ?? 'no licence named'}\n`, ...texts].join(
    '\n',
  );
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}
