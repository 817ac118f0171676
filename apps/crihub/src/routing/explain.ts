import { RuntimeError } from '@crihub/kernel';
import { AdminService, ExplainRequest, type ExplainResponse } from '@crihub/wire/admin';
import { ListPodSandboxRequest, RuntimeServiceService } from '@crihub/wire/cri';
import type { NodeClient } from '../client/node-client.ts';
import type { Context } from '../context.ts';

/** `crihub explain` */
export async function explain(context: Context, pod: string): Promise<void> {
  const terminal = context.terminal();
  const placement = await context.withNode(async (node) => {
    const podSandboxId = pod.includes('/') ? await idOf(node, pod) : pod;
    return await node.call(AdminService.explain, ExplainRequest.create({ podSandboxId }));
  });
  if (terminal.format === 'json') await terminal.print(JSON.stringify(placement, null, 2));
  else for (const line of sentences(placement)) await terminal.print(line);
}

/** Of pods of one name the newest. @throws NotFound */
async function idOf(node: NodeClient, path: string): Promise<string> {
  const { items } = await node.call(RuntimeServiceService.listPodSandbox, ListPodSandboxRequest.create());
  const [newest] = items
    .filter(({ metadata }) => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}` === path)
    .toSorted((one, other) => Number(other.createdAt - one.createdAt));
  if (newest !== undefined) return newest.id;
  throw new RuntimeError('NotFound', `there is no pod ${path}; 'crihub pods' lists those that there are`);
}

export function sentences(placement: ExplainResponse): readonly string[] {
  const { namespace, name, handler, backend, isolation, refusals } = placement;
  return [
    `pod ${namespace}/${name} is on handler ${handler} (backend ${backend}, isolated by ${isolation})`,
    why(placement),
    ...refusals.map(({ handler: other, reason, message }) => `  ${other}: ${reason}: ${message}`),
    'This was decided when the pod was created, and stays.',
  ];
}

function why({ by, asked, handler, experiment, unit, key, refusals }: ExplainResponse): string {
  const request = asked === '' ? 'It named no handler and got the default' : `It asked for ${asked}`;
  switch (by) {
    case 'draw':
      return `${request}, an experiment, which drew ${handler} for ${unit} ${key}.`;
    case 'exclusion':
      return `${request}; it takes no part in experiment ${experiment}, since not every arm could take it:`;
    case 'request':
      return refusals.length === 0 ? `${request}.` : `${request}; ${handler} stands in for what could not:`;
    default:
      return `${request}. Why it is on ${handler} was lost with the state database.`;
  }
}
