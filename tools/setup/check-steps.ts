import { availableParallelism } from 'node:os';
import { checkGeneratedCode } from './generated-code.ts';
import { lint } from './lint.ts';
import { command, runSteps, type Step, type StepResult } from './steps.ts';
import { forgetReport, vitestArguments } from './test-reports.ts';

// Writes files that the other steps read, so it goes before them.
const generatedCode: Step = { name: 'generated code is fresh', work: checkGeneratedCode };

const independent: readonly Step[] = [
  { name: 'lint and module boundaries', work: lint },
  { name: 'unit tests', work: runUnitTests },
  {
    name: 'format',
    work: async () => void (await command('prettier', ['--check', '--log-level=warn', '.'])),
  },
  {
    name: 'types',
    work: async () => void (await command('tsc', ['-p', 'tsconfig.json', '--pretty', 'false'])),
  },
];

/** Runs all that can be checked without root and without engines; returns the steps that failed. */
export async function runChecks(say: (line: string) => void): Promise<readonly StepResult[]> {
  const results = [
    ...(await runSteps([generatedCode], 1, say)),
    ...(await runSteps(independent, Math.min(availableParallelism(), independent.length), say)),
  ];
  return results.filter(({ failure }) => failure !== undefined);
}

async function runUnitTests(): Promise<void> {
  await forgetReport('unit');
  await command('vitest', vitestArguments('unit'));
}
