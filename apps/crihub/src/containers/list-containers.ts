import type { Context } from '../context.ts';
import { formatAge, isoTime } from '../output/age.ts';
import { SHORT_ID } from '../output/short-id.ts';
import type { Column } from '../output/table.ts';
import type { Style, Terminal } from '../output/terminal.ts';
import { type Container, listContainers, withExitCodes } from './container-info.ts';

export interface ListOptions {
  /** Also those that don't run. */
  readonly all?: boolean;
}

/** `crihub ps` */
export async function showContainers(context: Context, { all = false }: ListOptions): Promise<void> {
  const terminal = context.terminal();
  const containers = await context.withNode(async (node) => {
    const listed = await listContainers(node);
    return await withExitCodes(node, all ? listed : listed.filter(({ state }) => state === 'Running'));
  });
  const none = all ? 'there are no containers' : 'no container runs; -a lists all';
  if (terminal.format === 'json') await terminal.print(JSON.stringify(containers.map(jsonOf), null, 2));
  else await terminal.showRows(containers, columns(terminal, Date.now()), none);
}

const columns = (terminal: Terminal, nowMs: number): readonly Column<Container>[] => [
  { head: 'NAME', cell: ({ name }) => name },
  { head: 'POD', cell: ({ pod }) => pod },
  { head: 'NAMESPACE', cell: ({ namespace }) => namespace },
  { head: 'IMAGE', cell: ({ image }) => image },
  { head: 'STATE', cell: (container) => terminal.paint(styleOf(container), describeState(container)) },
  { head: 'ATTEMPT', cell: ({ attempt }) => String(attempt) },
  { head: 'AGE', cell: ({ createdAt }) => formatAge(createdAt, nowMs) },
  { head: 'ID', cell: ({ id }) => id.slice(0, SHORT_ID) },
];

const describeState = ({ state, exitCode }: Container): string =>
  exitCode === undefined ? state : `${state} (${String(exitCode)})`;

function styleOf({ state, exitCode }: Container): Style {
  if (state === 'Running') return 'green';
  if (state === 'Unknown') return 'red';
  return state === 'Exited' && exitCode === 0 ? 'dim' : 'yellow';
}

const jsonOf = (container: Container): object => ({
  ...container,
  createdAt: isoTime(container.createdAt),
});
