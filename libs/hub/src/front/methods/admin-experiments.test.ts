import {
  DrainRequest,
  ExperimentsRequest,
  type ExperimentsResponse,
  ExplainRequest,
  HandlersRequest,
  type HandlersResponse,
  MeasurementsRequest,
  type MeasurementsResponse,
} from '@crihub/wire/admin';
import { StatusRequest } from '@crihub/wire/cri';
import { expect, it } from 'vitest';
import { HubRig, type MakeRouting } from '../../testing/hub-rig.ts';

const routing: MakeRouting = (handler) => ({
  handlers: [handler('memory'), handler('other', { fallback: 'memory' })],
  experiments: [{ name: 'trial', shares: { memory: 1, other: 1 }, unit: 'pod', salt: 's', enabled: true }],
  defaultHandler: 'memory',
});

it('lists experiments with the pods that each arm was given, and gives all that was measured', async () => {
  await using rig = await HubRig.start(routing);
  const { admin } = rig.hub.methods;
  for (let index = 0; index < 8; index += 1) await rig.runSandbox(`pod-${String(index)}`, {}, 'trial');
  await rig.runSandbox('own', { annotations: { 'crihub.io/trial': 'mine' } }, 'other');
  const { experiments } = (await admin.Experiments(
    ExperimentsRequest.create(),
    rig.context,
  )) as ExperimentsResponse;
  expect(experiments.map(({ name, configured }) => [name, configured])).toEqual([
    ['trial', true],
    ['trial/mine', false],
  ]);
  expect(experiments[0]?.arms.reduce((sum, { pods }) => sum + pods, 0)).toBe(8);
  const pieces: MeasurementsResponse[] = [];
  const request = MeasurementsRequest.create({ experiment: 'trial' });
  for await (const piece of admin.Measurements(request, rig.context))
    pieces.push(piece as MeasurementsResponse);
  const created = pieces.flatMap(({ phases }) => phases).filter(({ phase }) => phase === 'sandbox_create');
  expect(created).toHaveLength(8);
  expect(pieces.flatMap(({ pods }) => pods).map(({ arm }) => arm)).not.toContain('');
});

it('drains a handler for longer than it lives: its pods go elsewhere or are refused', async () => {
  await using rig = await HubRig.start(routing);
  const drain = async (handler: string, drained: boolean): Promise<unknown> =>
    rig.hub.methods.admin.Drain(DrainRequest.create({ handler, drained }), rig.context);
  await rig.runSandbox('old', {}, 'other');
  expect(await drain('other', true)).toEqual({ pods: 1 });
  await rig.reopenAfterDeath();
  const podSandboxId = await rig.runSandbox('fell-back', {}, 'other');
  const explained = await rig.hub.methods.admin.Explain(ExplainRequest.create({ podSandboxId }), rig.context);
  expect(explained).toMatchObject({
    ...{ asked: 'other', handler: 'memory', by: 'request' },
    refusals: [{ handler: 'other', reason: 'Drained' }],
  });
  await drain('memory', true);
  await expect(rig.runSandbox('refused', {}, 'memory')).rejects.toThrow(/'memory' is drained/);
  const listed = (await rig.hub.methods.admin.Handlers(
    HandlersRequest.create(),
    rig.context,
  )) as HandlersResponse;
  expect(listed.handlers.map(({ name, drained }) => [name, drained])).toEqual([
    ['memory', true],
    ['other', true],
  ]);
  await drain('memory', false);
  await rig.runSandbox('taken', {}, 'memory');
  await expect(drain('none', true)).rejects.toMatchObject({ kind: 'InvalidArgument' });
});

it('names experiments among the runtime handlers, and is ready while one backend is', async () => {
  await using rig = await HubRig.start(routing);
  rig.nodeOf('other').outage = { reason: 'Gone', message: 'it is gone' };
  await rig.reopenAfterDeath();
  const status = await rig.runtime.Status(StatusRequest.create({ verbose: true }), rig.context);
  if (!('runtimeHandlers' in status)) throw new Error('not a response');
  expect(status.runtimeHandlers.map(({ name }) => name)).toEqual(['', 'memory', 'other', 'trial']);
  expect(status.status?.conditions[0]).toMatchObject({ type: 'RuntimeReady', status: true });
  expect(status.info?.['handlers']).toContain('it is gone');
});
