import type { Context } from '../context.ts';
import { formatAge, isoTime } from '../output/age.ts';
import type { Column } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { SHORT_ID } from '../output/short-id.ts';
import { listPods, type Pod } from './pod-info.ts';

/** `crihub pods` */
export async function showPods(context: Context): Promise<void> {
  const terminal = context.terminal();
  const pods = await context.withNode(listPods);
  if (terminal.format === 'json') await terminal.print(JSON.stringify(pods.map(jsonOf), null, 2));
  else await terminal.showRows(pods, columns(terminal, Date.now()), 'there are no pods');
}

const columns = (terminal: Terminal, nowMs: number): readonly Column<Pod>[] => [
  { head: 'NAME', cell: ({ name }) => name },
  { head: 'NAMESPACE', cell: ({ namespace }) => namespace },
  { head: 'HANDLER', cell: ({ handler }) => handler },
  {
    head: 'STATE',
    cell: ({ state }) => terminal.paint(state === 'Ready' ? 'green' : 'yellow', state),
  },
  { head: 'IP', cell: ({ ips }) => ips[0] ?? '' },
  { head: 'AGE', cell: ({ createdAt }) => formatAge(createdAt, nowMs) },
  { head: 'ID', cell: ({ id }) => id.slice(0, SHORT_ID) },
];

const jsonOf = (pod: Pod): object => ({ ...pod, createdAt: isoTime(pod.createdAt) });
