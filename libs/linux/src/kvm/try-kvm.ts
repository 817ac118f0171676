import { fileURLToPath } from 'node:url';
import { kindOf } from '@crihub/kernel';
import type { Trial } from '../host/trials.ts';
import { KVM_WORKS } from './verdict.ts';

/** A machine that is merely slow needs a second for what the program does. */
const LIMIT_MS = 5_000;

/** Runs a program to its end, and kills it after its time with the kind `DeadlineExceeded`. */
type RunProgram = (
  program: string,
  options: { readonly args: readonly string[]; readonly timeoutMs: number; readonly signal?: AbortSignal },
) => Promise<{ readonly stdout: Buffer; readonly stderr: Buffer }>;

/**
 * Whether KVM runs machine code here, found by running some: that `/dev/kvm` can be opened says nothing.
 * Costs a process and a few tenths of a second; five seconds where it does not work.
 */
export async function tryKvm(run: RunProgram, signal?: AbortSignal): Promise<Trial> {
  const program = fileURLToPath(new URL('./kvm-program.ts', import.meta.url));
  try {
    const { stdout, stderr } = await run(process.execPath, {
      args: ['--no-warnings', program],
      timeoutMs: LIMIT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    const said = stdout.toString().trim();
    if (said === KVM_WORKS) return { usable: true };
    return {
      usable: false,
      reason: said || stderr.toString().trim().slice(-300) || 'the trial said nothing',
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (kindOf(error) !== 'DeadlineExceeded') throw error;
    return {
      usable: false,
      reason: `a loop of machine code did not end within ${String(LIMIT_MS / 1000)} s`,
    };
  }
}
