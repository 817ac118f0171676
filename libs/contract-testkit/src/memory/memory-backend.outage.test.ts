import { expect, it } from 'vitest';
import { runPod } from '../kit/pods.ts';
import { MemoryRig } from './memory-rig.ts';

const soon = (): AbortSignal => AbortSignal.timeout(5_000);

it('is unhealthy and answers nothing while its engine is out of reach, and loses nothing by it', async () => {
  await using rig = await MemoryRig.start();
  const sandbox = await runPod(rig);
  rig.node.outage = { reason: 'EngineUnreachable', message: 'the engine is down; start it' };
  expect(await rig.backend.health(soon())).toEqual({ healthy: false, ...rig.node.outage });
  await expect(rig.backend.inventory(soon())).rejects.toMatchObject({ kind: 'Unavailable' });
  await expect(rig.backend.sandboxes.stop(sandbox.id, soon())).rejects.toMatchObject({ kind: 'Unavailable' });
  rig.node.outage = undefined;
  expect((await rig.backend.inventory(soon())).sandboxes).toMatchObject([
    { id: sandbox.id, state: 'running' },
  ]);
});
