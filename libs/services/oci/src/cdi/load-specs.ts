import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { describeError, errnoCode } from '@crihub/kernel';
import { parse } from 'yaml';
import { z } from 'zod';
import { readBoundedFile } from '../bounded-file.ts';
import { type CdiSpecFile, cdiSpecSchema } from './cdi-schema.ts';

const MAX_SPEC_BYTES = 8 * 1024 * 1024;
const EXTENSIONS = ['.json', '.yaml', '.yml'];

export type LoadedSpec =
  | { readonly path: string; readonly spec: CdiSpecFile }
  /** A sentence that says what is wrong with the file. */
  | { readonly path: string; readonly problem: string };

/** All specifications of a directory, the broken ones with what is wrong; none if it does not exist. */
export async function loadCdiSpecs(directory: string): Promise<readonly LoadedSpec[]> {
  const files = (await namesIn(directory)).filter((name) => EXTENSIONS.includes(extname(name))).sort();
  return await Promise.all(files.map((name) => load(join(directory, name))));
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function load(path: string): Promise<LoadedSpec> {
  try {
    const text = await readBoundedFile(path, MAX_SPEC_BYTES, { followLink: true });
    const result = cdiSpecSchema.safeParse(extname(path) === '.json' ? JSON.parse(text) : parse(text));
    if (result.success) return { path, spec: result.data };
    return { path, problem: z.prettifyError(result.error).replaceAll(/\s+/g, ' ') };
  } catch (error) {
    return { path, problem: describeError(error) };
  }
}
