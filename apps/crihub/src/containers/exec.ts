import { ExecSyncRequest, RuntimeServiceService } from '@crihub/wire/cri';
import type { Context } from '../context.ts';
import { findContainer } from './find-container.ts';

export interface ExecOptions {
  /** In seconds; 0 for as long as it takes. */
  readonly timeout: number;
}

/** The daemon's own timer comes first, and says more. */
const GRACE_MS = 10_000;

/** `crihub exec`: @returns the exit code of the program. */
export async function exec(
  context: Context,
  container: string,
  command: readonly string[],
  { timeout }: ExecOptions,
): Promise<number> {
  const terminal = context.terminal();
  return await context.withNode(async (node) => {
    const { id } = await findContainer(node, container);
    const request = ExecSyncRequest.create({ containerId: id, cmd: command, timeout: BigInt(timeout) });
    const timeoutMs = timeout === 0 ? 0 : timeout * 1000 + GRACE_MS;
    const { stdout, stderr, exitCode } = await node.call(RuntimeServiceService.execSync, request, {
      timeoutMs,
    });
    if (terminal.format === 'json') {
      const result = { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
      await terminal.print(JSON.stringify(result, null, 2));
    } else {
      await terminal.write(terminal.stdout, stdout);
      await terminal.write(terminal.stderr, stderr);
    }
    return exitCode;
  });
}
