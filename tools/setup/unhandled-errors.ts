import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errnoCode } from '@crihub/kernel';
import type { Reporter } from 'vitest/node';
import { z } from 'zod';
import { CACHE } from './repository.ts';

const FILE = path.join(CACHE, 'reports/unhandled-errors.json');

/** A reporter for vitest, whose JSON does not tell of errors that no test was there to catch. */
export default class UnhandledErrors implements Reporter {
  async onTestRunEnd(...[, errors]: Parameters<NonNullable<Reporter['onTestRunEnd']>>): Promise<void> {
    await mkdir(path.dirname(FILE), { recursive: true });
    await writeFile(FILE, JSON.stringify(errors.map(({ message }) => message)));
  }
}

/** Takes what the last run with this reporter has told; nothing if there was none since. */
export async function takeUnhandledErrors(): Promise<readonly string[]> {
  try {
    return z.array(z.string()).parse(JSON.parse(await readFile(FILE, 'utf8')));
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  } finally {
    await rm(FILE, { force: true });
  }
}
