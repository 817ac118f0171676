import { RuntimeError } from '@crihub/kernel';
import { makeReport } from '@crihub/experiment/compare';
import { percent } from '@crihub/experiment/render';
import { AdminService, type Arm, type Experiment, ExperimentsRequest } from '@crihub/wire/admin';
import type { NodeClient } from '../client/node-client.ts';
import type { Context } from '../context.ts';
import type { Column } from '../output/table.ts';
import { stateOf } from './list-experiments.ts';
import { readTrial } from './read-trial.ts';

/** `crihub experiment show` */
export async function showExperiment(context: Context, name: string): Promise<void> {
  const terminal = context.terminal();
  const { experiment, exclusions } = await context.withNode(async (node) => {
    const found = await findExperiment(node, name);
    return { experiment: found, exclusions: makeReport(await readTrial(node, found)).exclusions };
  });
  if (terminal.format === 'json')
    return await terminal.print(JSON.stringify({ ...experiment, exclusions }, null, 2));
  const { unit, salt, arms, excluded } = experiment;
  const settings = unit === '' ? '' : `, drawn by ${unit} with salt ${salt}`;
  await terminal.print(`${name}: ${stateOf(experiment)}${settings}`);
  await terminal.showRows(arms, columnsOf(arms), 'it has no arms');
  await terminal.print(`${String(excluded)} pods took no part`);
  for (const { handler, reason, pods } of exclusions)
    await terminal.print(`  ${handler}: ${reason}: ${String(pods)}`);
}

/** @throws NotFound naming those that there are. */
export async function findExperiment(node: NodeClient, name: string): Promise<Experiment> {
  const { experiments } = await node.call(AdminService.experiments, ExperimentsRequest.create());
  const found = experiments.find((experiment) => experiment.name === name);
  if (found !== undefined) return found;
  const names = experiments.map((experiment) => experiment.name).join(', ') || 'none';
  throw new RuntimeError('NotFound', `there is no experiment '${name}'; there are: ${names}`);
}

function columnsOf(arms: readonly Arm[]): readonly Column<Arm>[] {
  const shares = arms.reduce((sum, { share }) => sum + share, 0);
  const all = arms.reduce((sum, { pods }) => sum + pods, 0);
  return [
    { head: 'ARM', cell: ({ handler }) => handler },
    { head: 'SHARE', cell: ({ share }) => `${String(share)} (${percent(share, shares)})` },
    { head: 'PODS', cell: ({ pods }) => `${String(pods)} (${percent(pods, all)})` },
  ];
}
