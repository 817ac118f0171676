import { RuntimeError } from '@crihub/kernel';
import { run, type RunOptions } from '@crihub/transport/process';

const MAX_OUTPUT_BYTES = 512 * 1024 * 1024;

/** The standard output of a program. @throws FailedPrecondition with its error output if it fails. */
export async function command(
  program: string,
  args: readonly string[],
  options: Pick<RunOptions, 'cwd' | 'input'> = {},
): Promise<Buffer> {
  const result = await run(program, {
    args,
    ...options,
    timeoutMs: 5 * 60_000,
    maxOutputBytes: MAX_OUTPUT_BYTES,
  });
  if (result.exitCode === 0) return result.stdout;
  throw new RuntimeError(
    'FailedPrecondition',
    `${program} ${args.join(' ')} failed with exit code ${String(result.exitCode)}: ${result.stderr.toString().trim()}`,
  );
}
