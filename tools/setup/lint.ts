import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { CACHE } from './repository.ts';
import { command, runInRepository } from './steps.ts';

/** What the canary breaks; each of these rules must report it. */
const CANARY_RULES = [
  '@nx/enforce-module-boundaries',
  'no-restricted-imports',
  '@typescript-eslint/no-floating-promises',
];

const graphSchema = z.object({
  graph: z.object({ dependencies: z.record(z.string(), z.array(z.object({ target: z.string() }))) }),
});
const reportSchema = z.array(z.object({ messages: z.array(z.object({ ruleId: z.string().nullable() })) }));

/**
 * Lints the tree. The boundary rule switches itself off without a word when Nx has no graph, so the graph
 * is made first and looked at, and a fixture that breaks the rules must be reported.
 */
export async function lint(): Promise<void> {
  await makeProjectGraph();
  await checkCanary();
  await command('eslint', ['.', '--max-warnings', '0']);
}

/** Makes Nx write its project graph. @throws if the graph has no edges, as it has when Nx can't read TypeScript. */
async function makeProjectGraph(): Promise<void> {
  const file = path.join(CACHE, 'project-graph.json');
  await mkdir(CACHE, { recursive: true });
  await command('nx', ['graph', `--file=${file}`]);
  const { graph } = graphSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const edges = Object.values(graph.dependencies).flat().length;
  if (edges === 0) throw new Error('nx made a project graph without edges: the boundary rule would be off');
}

async function checkCanary(): Promise<void> {
  const args = ['--no-ignore', '--format', 'json', 'tools/lint-canary/src/canary.ts'];
  const { exitCode, stdout } = await runInRepository('eslint', args);
  if (exitCode !== 1)
    throw new Error(
      `eslint exits with ${String(exitCode)}, not 1, for tools/lint-canary, which breaks its rules`,
    );
  const silent = silentRules(stdout.toString());
  if (silent.length > 0)
    throw new Error(`these lint rules report nothing for tools/lint-canary: ${silent.join(', ')}`);
}

/** The rules of the canary that eslint's JSON report does not mention. */
export function silentRules(report: string): readonly string[] {
  const files = reportSchema.parse(JSON.parse(report));
  const reported = new Set(files.flatMap(({ messages }) => messages.map(({ ruleId }) => ruleId)));
  return CANARY_RULES.filter((rule) => !reported.has(rule));
}
