import { kindOf, RuntimeError } from '@crihub/kernel';
import { run } from '@crihub/transport/process';

const CHECK_MS = 10_000;

/**
 * CRIU is started by the OCI runtime, which finds it in the PATH of containerd; this asks the same program
 * whether it can work here. @throws Unimplemented saying what is missing.
 */
export async function requireCriu(signal: AbortSignal): Promise<void> {
  const { exitCode, stdout, stderr } = await checked(signal);
  if (exitCode === 0) return;
  const said = `${stdout.toString()}${stderr.toString()}`.trim().split('\n').at(-1) ?? '';
  throw new RuntimeError(
    'Unimplemented',
    `containers can't be checkpointed: CRIU does not work here: ${said}`,
  );
}

async function checked(signal: AbortSignal): ReturnType<typeof run> {
  try {
    return await run('criu', { args: ['check'], timeoutMs: CHECK_MS, signal });
  } catch (cause) {
    if (kindOf(cause) !== 'FailedPrecondition') throw cause;
    throw new RuntimeError(
      'Unimplemented',
      "containers can't be checkpointed: CRIU is not installed; install the package criu",
      { cause },
    );
  }
}
