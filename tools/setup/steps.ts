import { describeError } from '@crihub/kernel';
import { run, type RunResult } from '@crihub/transport/process';
import { REPOSITORY } from './repository.ts';

/** Something that passes or fails, independent of the others. `work` rejects to fail. */
export interface Step {
  readonly name: string;
  readonly work: () => Promise<void>;
}

export interface StepResult {
  readonly name: string;
  readonly seconds: number;
  /** What went wrong, if it failed. */
  readonly failure: string | undefined;
}

/** Runs all steps, `parallel` at a time; one that fails does not stop the rest. */
export async function runSteps(
  steps: readonly Step[],
  parallel: number,
  say: (line: string) => void,
): Promise<readonly StepResult[]> {
  const waiting = [...steps];
  const results: StepResult[] = [];
  const worker = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const result = await runStep(step);
      results.push(result);
      say(describeStep(result));
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return results;
}

async function runStep({ name, work }: Step): Promise<StepResult> {
  const start = performance.now();
  let failure: string | undefined;
  try {
    await work();
  } catch (error) {
    failure = describeError(error);
  }
  return { name, seconds: (performance.now() - start) / 1000, failure };
}

const describeStep = ({ name, seconds, failure }: StepResult): string =>
  `${failure === undefined ? '✔' : '✘'} ${name} (${seconds.toFixed(1)} s)` +
  (failure === undefined ? '' : `\n${failure.replaceAll(/^/gm, '    ')}`);

export interface CommandOptions {
  readonly timeoutMs?: number;
}

/**
 * Runs a program in the checkout and gives its standard output.
 * @throws with the end of its output if it exits with anything but 0.
 */
export async function command(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await runInRepository(program, args, options);
  if (result.exitCode === 0) return result.stdout.toString();
  const output = `${result.stdout.toString()}\n${result.stderr.toString()}`.trim();
  throw new Error(
    `${program} ${args.join(' ')}: exit code ${String(result.exitCode)}\n${output.slice(-8000)}`,
  );
}

/** Runs a program in the checkout, with our environment; its exit code is the caller's to judge. */
export async function runInRepository(
  program: string,
  args: readonly string[],
  { timeoutMs = 10 * 60_000 }: CommandOptions = {},
): Promise<RunResult> {
  const env = { ...(process.env as Record<string, string>), NX_DAEMON: 'false', NO_COLOR: '1' };
  return await run(program, { args, env, cwd: REPOSITORY, timeoutMs, maxOutputBytes: 16 * 1024 * 1024 });
}
