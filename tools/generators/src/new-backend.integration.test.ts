import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '@crihub/transport/process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docFiles } from './doc-files.ts';
import { newBackend } from './new-backend.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
/** Within the repository, so that its packages are found; not beside the backends, which others look through. */
const SCRATCH = join(import.meta.dirname, '../scratch');
const MINUTES = 60_000;

interface KitReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly status: string;
      readonly title: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

async function runKit(directory: string): Promise<KitReport> {
  const file = join(directory, 'report.json');
  const kit = ['run', '--project', 'integration', '--reporter', 'json', '--outputFile', file, directory];
  const { stderr } = await run(process.execPath, {
    args: [join(REPOSITORY, 'node_modules/vitest/vitest.mjs'), ...kit],
    cwd: REPOSITORY,
    env: process.env as Record<string, string>,
    timeoutMs: 5 * MINUTES,
  });
  const report = await readFile(file, 'utf8').catch(() => undefined);
  if (report === undefined) throw new Error(`the kit reported nothing: ${stderr.toString()}`);
  return JSON.parse(report) as KitReport;
}

const failures = ({ testResults }: KitReport): readonly string[] =>
  testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
    .map(({ title, failureMessages }) => `${title}: ${failureMessages[0]?.slice(0, 300) ?? ''}`);

describe('the generator', () => {
  beforeAll(async () => await rm(SCRATCH, { recursive: true, force: true }));
  afterAll(async () => await rm(SCRATCH, { recursive: true, force: true }));

  it('makes a backend that the kit tells to be unfinished', { timeout: 6 * MINUTES }, async () => {
    const directory = join(SCRATCH, 'still-empty');
    await newBackend('still-empty', directory);
    const report = await runKit(directory);
    expect(report.numFailedTests).toBeGreaterThan(30);
    expect(failures(report).join('\n')).toContain('does not do this yet');
  });

  it(
    'makes the backend of docs/write-a-backend.md, which keeps the contract',
    { timeout: 6 * MINUTES },
    async () => {
      const directory = join(SCRATCH, 'process');
      await newBackend('process', directory);
      const page = await readFile(join(REPOSITORY, 'docs/write-a-backend.md'), 'utf8');
      for (const [path, text] of docFiles(page)) {
        await mkdir(dirname(join(directory, path)), { recursive: true });
        await writeFile(join(directory, path), text);
      }
      const report = await runKit(directory);
      // As text, so that a failure is told, and not only counted.
      expect(failures(report).join('\n')).toBe('');
      expect(report.numPassedTests).toBeGreaterThan(30);
    },
  );

  it.each(['Process', '../up', 'a b', ''])('refuses the name %j', async (name) => {
    await expect(newBackend(name, join(SCRATCH, 'x'))).rejects.toMatchObject({ kind: 'InvalidArgument' });
  });

  it('writes over nothing', async () => {
    await expect(newBackend('process', join(SCRATCH, 'process'))).rejects.toMatchObject({
      kind: 'AlreadyExists',
    });
  });
});
