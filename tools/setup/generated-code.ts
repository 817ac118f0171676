import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { REPOSITORY } from './repository.ts';
import { command } from './steps.ts';

/**
 * Generates the wire code anew. @throws naming the checked-in files that were stale; they are right
 * now, and are to be committed.
 */
export async function checkGeneratedCode(): Promise<void> {
  const before = await digestGeneratedFiles();
  if (before.size === 0) throw new Error('no generated code was found under libs/wire');
  await command('npm', ['run', '--silent', 'generate']);
  const changed = changedFiles(before, await digestGeneratedFiles());
  if (changed.length > 0)
    throw new Error(
      `generated code was stale and has been generated anew; commit it:\n${changed.join('\n')}`,
    );
}

/** The names that are in one map only, or differ. */
export function changedFiles(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}

async function digestGeneratedFiles(): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for await (const name of glob('libs/wire/**/generated/**/*.ts', { cwd: REPOSITORY })) {
    const content = await readFile(path.join(REPOSITORY, name));
    digests.set(name, createHash('sha256').update(content).digest('hex'));
  }
  return digests;
}
