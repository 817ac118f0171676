import { ContainerStatusRequest, LinuxContainerConfig, PodSandboxStatusRequest } from '@crihub/wire/cri';
import { expect, it } from 'vitest';
import { HubRig } from './testing/hub-rig.ts';

it("gives pods and containers a handler's defaults for what their requests leave open", async () => {
  await using rig = await HubRig.start((handler) => ({
    handlers: [
      handler('memory', {
        defaults: { overhead: { memoryLimitBytes: 7 }, resources: { memoryLimitBytes: 100, pidsLimit: 9 } },
      }),
    ],
    defaultHandler: 'memory',
  }));
  const podSandboxId = await rig.runSandbox();
  const pod = await rig.runtime.PodSandboxStatus(
    PodSandboxStatusRequest.create({ podSandboxId, verbose: true }),
    rig.context,
  );
  if (!('info' in pod)) throw new Error('not a response');
  expect(JSON.parse(pod.info?.['info'] ?? '')).toMatchObject({
    sandbox: { overhead: { memoryLimitBytes: 7 } },
  });
  const linux = LinuxContainerConfig.create({ resources: { memoryLimitInBytes: 50n } });
  const containerId = await rig.createContainer(podSandboxId, 'main', { linux });
  const container = await rig.runtime.ContainerStatus(
    ContainerStatusRequest.create({ containerId, verbose: true }),
    rig.context,
  );
  if (!('info' in container)) throw new Error('not a response');
  expect(JSON.parse(container.info?.['info'] ?? '')).toMatchObject({
    container: { resources: { memoryLimitBytes: 50, pidsLimit: 9 } },
  });
});
