import { AdminService, AuditRequest } from '@crihub/wire/admin';
import type { Context } from '../context.ts';
import { SHORT_ID } from '../output/short-id.ts';

// Each backend in turn, with a time limit of its own.
const TIMEOUT_MS = 2 * 60_000;

/** `crihub audit` */
export async function audit(context: Context): Promise<void> {
  const terminal = context.terminal();
  const { findings } = await context.withNode((node) =>
    node.call(AdminService.audit, AuditRequest.create(), { timeoutMs: TIMEOUT_MS }),
  );
  await terminal.showRows(
    findings,
    [
      { head: 'FOUND', cell: ({ kind }) => kind },
      { head: 'ID', cell: ({ id }) => id.slice(0, SHORT_ID) },
      { head: 'WHAT WAS WRONG', cell: ({ message }) => message },
    ],
    'records and reality agree',
  );
}
