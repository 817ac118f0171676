import { RuntimeError } from '@crihub/kernel';
import { ListPodSandboxRequest, ListPodSandboxResponse, PodSandboxState } from '@crihub/wire/cri';
import { expect, it, vi } from 'vitest';
import { HubRig } from './testing/hub-rig.ts';

it('holds a handler unhealthy until its backend has started, tries again, and believes it only then', async () => {
  await using rig = await HubRig.start();
  const podSandboxId = await rig.runSandbox('old');
  const error = new RuntimeError('Internal', 'mount_setattr: EINVAL');
  await rig.reopenAfterDeath((backend) => backend.arm('backend.start.before', { type: 'fail', error }));
  await expect(rig.runSandbox('early')).rejects.toThrow(/takes no pods now: it could not start: .*EINVAL/);
  expect(await states(rig)).toEqual([PodSandboxState.SANDBOX_READY]);
  expect(await rig.hub.audit()).toEqual([]);
  await vi.waitFor(() => expect(rig.hub.health.of('memory').healthy).toBe(true), { timeout: 10_000 });
  await rig.runSandbox('late');
  await rig.runtime.RemovePodSandbox({ podSandboxId }, rig.context);
});

async function states(rig: HubRig): Promise<readonly PodSandboxState[]> {
  const answer = await rig.runtime.ListPodSandbox(ListPodSandboxRequest.create(), rig.context);
  const list = 'items' in answer ? answer : ListPodSandboxResponse.decode(answer.bytes);
  return list.items.map(({ state }) => state);
}
