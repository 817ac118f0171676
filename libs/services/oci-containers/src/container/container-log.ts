import { errnoCode, RuntimeError, sleep, withDeadline } from '@crihub/kernel';
import { controlFifo } from '../conmon/conmon-arguments.ts';
import type { Files } from '../execution/executor.ts';

/** conmon's control protocol: message type 2 is "open the log anew"; the two numbers mean nothing then. */
const REOPEN = '2 0 0\n';
const REOPEN_TIMEOUT_MS = 10_000;
const POLL_MS = 5;

/**
 * Has conmon open the log path anew. A file that is there is the one it writes: opening it again would
 * truncate it.
 * @throws FailedPrecondition if nobody writes the log any more.
 */
export async function reopenLog(
  { id, bundle, logPath }: { readonly id: string; readonly bundle: string; readonly logPath: string },
  { files, hostFiles }: { readonly files: Files; readonly hostFiles: Pick<Files, 'status'> },
  signal: AbortSignal,
): Promise<void> {
  if (logPath === '' || (await hostFiles.status(logPath)) !== undefined) return;
  try {
    await files.sendToFifo(controlFifo(bundle), REOPEN);
  } catch (cause) {
    if (errnoCode(cause) !== 'ENXIO' && errnoCode(cause) !== 'ENOENT') throw cause;
    const message = `the log of container ${id} has no writer: its conmon has ended`;
    throw new RuntimeError('FailedPrecondition', message, { operation: 'reopen log', id, cause });
  }
  await withDeadline(`reopening the log ${logPath}`, REOPEN_TIMEOUT_MS, signal, async (deadline) => {
    while ((await hostFiles.status(logPath)) === undefined) await sleep(POLL_MS, deadline);
  });
}
