import { AdminService, type Handler, HandlersRequest } from '@crihub/wire/admin';
import type { Context } from '../context.ts';
import type { Column } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';

/** `crihub handlers` */
export async function showHandlers(context: Context): Promise<void> {
  const terminal = context.terminal();
  const { handlers } = await context.withNode((node) =>
    node.call(AdminService.handlers, HandlersRequest.create()),
  );
  await terminal.showRows(handlers, columns(terminal), 'there are no handlers');
  if (terminal.format === 'json') return;
  for (const { name, healthy, message } of handlers) {
    if (!healthy) await terminal.remark(`${name}: ${message}`);
  }
}

const columns = (terminal: Terminal): readonly Column<Handler>[] => [
  { head: 'NAME', cell: (handler) => (handler.default ? `${handler.name} (default)` : handler.name) },
  { head: 'BACKEND', cell: ({ backend }) => backend },
  { head: 'VERSION', cell: ({ version }) => version },
  {
    head: 'HEALTH',
    cell: ({ healthy, reason, drained }) => {
      if (!healthy) return terminal.paint('red', reason || 'Unhealthy');
      return drained ? terminal.paint('yellow', 'Drained') : terminal.paint('green', 'Healthy');
    },
  },
  { head: 'ISOLATION', cell: ({ isolation }) => isolation },
  { head: 'PODS', cell: ({ pods }) => String(pods) },
  { head: 'CONTAINERS', cell: ({ containers }) => String(containers) },
  { head: 'LACKS', cell: lacking },
];

/** What it can't do is the shorter list, and the one that explains a refusal. */
export function lacking({ capabilities }: Handler): string {
  const entries = Object.entries(capabilities);
  if (entries.length === 0) return 'not known';
  const names = entries.filter(([, can]) => !can).map(([name]) => name);
  return names.toSorted().join(', ');
}
