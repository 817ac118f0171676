import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import { prepareHost, TEST_PACKAGES } from '@crihub/tool-setup';
import { runCritest } from './critest.ts';
import {
  compareWithExpectations,
  formatExpectations,
  parseExpectations,
  type Surprise,
} from './expectations.ts';
import { goProgram } from './go-programs.ts';
import type { SpecResult } from './report.ts';
import { startTarget, type TargetChoice } from './target.ts';

export interface ConformanceOptions {
  readonly target: TargetChoice;
  /** Regular expressions over spec names. */
  readonly focus?: string;
  readonly skip?: string;
  /** Streams by WebSocket, not SPDY. */
  readonly websocket?: boolean;
  /** Writes what the run shows into the expectations of the handler. */
  readonly update?: boolean;
  /** Keeps the directory of the run. */
  readonly keep?: boolean;
  readonly verbose?: boolean;
}

export interface ConformanceResult {
  readonly results: readonly SpecResult[];
  /** Where the run differs from what is expected. */
  readonly surprises: readonly Surprise[];
}

export const EXPECTED = path.join(import.meta.dirname, '../expected');

/** Runs critest against a handler or another runtime, with everything that it needs. @throws GoMissingError */
export async function runConformance(
  options: ConformanceOptions,
  say: (line: string) => void,
): Promise<ConformanceResult> {
  await prepareHost(TEST_PACKAGES, say);
  const program = await goProgram('critest', say);
  const directory = await mkdtemp(path.join(tmpdir(), 'crihub-conformance-'));
  // Root of a user namespace is nobody here, and has to pass through to its root filesystem.
  await chmod(directory, 0o711);
  try {
    const results = await judge(options, program, directory, say);
    return { results, surprises: await surprisesOf(options, results, say) };
  } finally {
    if (options.keep === true) say(`kept ${directory}`);
    else await rm(directory, { recursive: true, force: true });
  }
}

async function judge(
  { target: choice, focus, skip, websocket = false, verbose = false }: ConformanceOptions,
  program: string,
  directory: string,
  say: (line: string) => void,
): Promise<readonly SpecResult[]> {
  await using target = await startTarget(choice, directory, say);
  say(`critest against ${target.endpoint}`);
  return await runCritest({
    program,
    endpoint: target.endpoint,
    ...(choice.kind === 'crihub' ? { handler: choice.handler } : {}),
    ...(target.nriSocket === undefined ? {} : { nriSocket: target.nriSocket }),
    ...(focus === undefined ? {} : { focus }),
    ...(skip === undefined ? {} : { skip }),
    websocket,
    directory,
    verbose,
  });
}

async function surprisesOf(
  { target, focus, skip, update = false }: ConformanceOptions,
  results: readonly SpecResult[],
  say: (line: string) => void,
): Promise<readonly Surprise[]> {
  if (target.kind !== 'crihub') return failures(results);
  const file = path.join(EXPECTED, `${target.handler}.tsv`);
  const text = await readFile(file, 'utf8').catch(() => '');
  const expectations = parseExpectations(text, file);
  const part = focus !== undefined || skip !== undefined;
  if (!update) return compareWithExpectations(results, expectations, part ? 'part' : 'whole');
  if (part)
    throw new RuntimeError('InvalidArgument', '--update needs a whole run, without --focus or --skip');
  await writeFile(file, formatExpectations(results, expectations));
  say(`wrote ${file}`);
  return [];
}

/** Of a runtime that has no expectations. */
const failures = (results: readonly SpecResult[]): readonly Surprise[] =>
  results
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ spec, reason }) => ({ spec, sentence: reason }));
