import { AdminService, type Experiment, ExperimentsRequest } from '@crihub/wire/admin';
import type { Context } from '../context.ts';
import type { Column } from '../output/table.ts';

/** `crihub experiment list` */
export async function listExperiments(context: Context): Promise<void> {
  const terminal = context.terminal();
  const { experiments } = await context.withNode((node) =>
    node.call(AdminService.experiments, ExperimentsRequest.create()),
  );
  const ifNone = 'there are no experiments: a handler of the configuration with `experiment:` is one';
  await terminal.showRows(experiments, COLUMNS, ifNone);
}

const COLUMNS: readonly Column<Experiment>[] = [
  { head: 'NAME', cell: ({ name }) => name },
  { head: 'STATE', cell: stateOf },
  { head: 'UNIT', cell: ({ unit }) => unit },
  {
    head: 'ARMS',
    cell: ({ arms }) => arms.map(({ handler, share }) => `${handler} ${String(share)}`).join(', '),
  },
  { head: 'PODS', cell: ({ arms }) => arms.map(({ pods }) => String(pods)).join(', ') },
  { head: 'EXCLUDED', cell: ({ excluded }) => String(excluded) },
];

export function stateOf({ configured, enabled }: Experiment): string {
  if (!configured) return 'Ended';
  return enabled ? 'Running' : 'Stopped';
}
