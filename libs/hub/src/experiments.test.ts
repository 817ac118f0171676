import { PodSandboxStatusRequest } from '@crihub/wire/cri';
import { describe, expect, it } from 'vitest';
import type { Experiment } from './router/experiment.ts';
import { HubRig, type MakeRouting } from './testing/hub-rig.ts';

const trial: Experiment = {
  ...{ name: 'trial', shares: { memory: 50, other: 50 }, salt: 'salt' },
  ...{ unit: 'pod', enabled: true },
};
const twoArms: MakeRouting = (handler) => ({
  handlers: [handler('memory'), handler('other')],
  experiments: [trial],
  defaultHandler: 'memory',
});

interface PodInfo {
  readonly handler: string;
  readonly placement: { readonly by: string };
  readonly annotations: Readonly<Record<string, string>>;
}

async function infoOf(rig: HubRig, podSandboxId: string): Promise<PodInfo> {
  const request = PodSandboxStatusRequest.create({ podSandboxId, verbose: true });
  const answer = await rig.runtime.PodSandboxStatus(request, rig.context);
  if (!('info' in answer)) throw new Error('not a response');
  return JSON.parse(answer.info?.['info'] ?? '') as PodInfo;
}

const names = Array.from({ length: 24 }, (_, index) => `pod-${String(index)}`);

describe('an experiment of the hub', () => {
  it('gives pods to its arms, tells which, and draws them alike after a restart', async () => {
    await using rig = await HubRig.start(twoArms);
    const arms = new Map<string, string>();
    for (const name of names) {
      const id = await rig.runSandbox(name, {}, 'trial');
      const { handler, placement, annotations } = await infoOf(rig, id);
      expect(placement.by).toBe('draw');
      expect(annotations).toMatchObject({ 'crihub.io/experiment': 'trial', 'crihub.io/arm': handler });
      arms.set(name, handler);
      await rig.runtime.RemovePodSandbox({ podSandboxId: id }, rig.context);
    }
    expect(new Set(arms.values())).toEqual(new Set(['memory', 'other']));
    await rig.reopenAfterDeath();
    for (const name of names) {
      const metadata = { name, namespace: 'default', uid: `again-${name}`, attempt: 0 };
      const id = await rig.runSandbox(name, { metadata }, 'trial');
      expect((await infoOf(rig, id)).handler).toBe(arms.get(name));
    }
  });

  it('keeps a retry on the pod that was made, though an arm has failed since', async () => {
    await using rig = await HubRig.start(twoArms);
    const id = await rig.runSandbox('pod', {}, 'trial');
    rig.nodeOf('memory').outage = { reason: 'Gone', message: 'gone' };
    rig.nodeOf('other').outage = { reason: 'Gone', message: 'gone' };
    await rig.reopenAfterDeath();
    expect(await rig.runSandbox('pod', {}, 'trial')).toBe(id);
  });

  it('excludes pods while an arm is broken; the other arm runs them, and nothing else changes', async () => {
    await using rig = await HubRig.start(twoArms);
    rig.nodeOf('other').outage = { reason: 'Gone', message: 'it is gone' };
    await rig.reopenAfterDeath();
    for (const name of names.slice(0, 4)) {
      const { handler, placement, annotations } = await infoOf(rig, await rig.runSandbox(name, {}, 'trial'));
      expect([handler, placement]).toEqual([
        'memory',
        {
          by: 'exclusion',
          experiment: 'trial',
          refusals: [expect.objectContaining({ handler: 'other', reason: 'Unhealthy' })],
        },
      ]);
      expect(annotations).toEqual({ 'crihub.io/experiment': 'trial' });
    }
  });
});

describe('another routing', () => {
  const retention = { days: 1, rows: 1_000 };
  const signal = (): AbortSignal => AbortSignal.timeout(5_000);

  it('adds a handler while pods live, and removes it when it has none', async () => {
    await using rig = await HubRig.start();
    await rig.runSandbox('old');
    const [memory, added] = [rig.hub.routing.handlers[0], rig.handler('added')];
    if (memory === undefined) throw new Error('there is no handler');
    const only = { handlers: [memory], experiments: [], defaultHandler: 'memory' };
    await rig.hub.reroute({ ...only, handlers: [memory, added] }, retention, signal());
    const podSandboxId = await rig.runSandbox('new', {}, 'added');
    await expect(rig.hub.reroute(only, retention, signal())).rejects.toThrow(
      /'added' can't be removed while it has pods \(1\)/,
    );
    await rig.runtime.RemovePodSandbox({ podSandboxId }, rig.context);
    await rig.hub.reroute(only, retention, signal());
    await expect(rig.runSandbox('newer', {}, 'added')).rejects.toMatchObject({ kind: 'InvalidArgument' });
    await rig.runSandbox('newest');
  });
});
