import { AdminService, ReloadRequest } from '@crihub/wire/admin';
import type { Context } from '../context.ts';

// The backends of new handlers start meanwhile, each with a time limit of its own.
const TIMEOUT_MS = 90_000;

/** `crihub reload` */
export async function reload(context: Context): Promise<void> {
  const terminal = context.terminal();
  const { applied, needsRestart } = await context.withNode((node) =>
    node.call(AdminService.reload, ReloadRequest.create(), { timeoutMs: TIMEOUT_MS }),
  );
  if (terminal.format === 'json')
    return await terminal.print(JSON.stringify({ applied, needsRestart }, null, 2));
  await terminal.print(applied.length === 0 ? 'nothing changed' : `in force now: ${applied.join(', ')}`);
  if (needsRestart.length > 0)
    await terminal.print(
      `${terminal.paint('yellow', 'in force after a restart of crihubd')}: ${needsRestart.join(', ')}`,
    );
}
