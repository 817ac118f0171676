import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buildImage,
  CriClient,
  type DaemonProcess,
  pullImage,
  startContainerd,
  startFixtureRegistry,
  writeBridgeNetwork,
} from '@crihub/tool-fixtures';
import { runDemo } from './demo.ts';

const BUSYBOX = 'registry.k8s.io/e2e-test-images/busybox:1.29-2';

describe("the demo and the tools that it stands on, against Debian's containerd", () => {
  let directory: string;
  let started: AsyncDisposableStack;
  let daemon: DaemonProcess;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'crihub-demo-'));
    started = new AsyncDisposableStack();
    const images = await Promise.all(['busybox', 'pause:3.10'].map(buildImage));
    const registry = started.use(await startFixtureRegistry(path.join(directory, 'registry'), images));
    const network = await writeBridgeNetwork(path.join(directory, 'cni'), {
      name: 'crihub-demo-test',
      bridge: 'crihub-dt0',
      subnet: '10.92.0.0/16',
    });
    started.defer(async () => network.remove());
    const { certsDirectory } = registry;
    daemon = started.use(
      await startContainerd({ directory: path.join(directory, 'containerd'), network, certsDirectory }),
    );
  });

  afterAll(async () => {
    await started.disposeAsync();
    await rm(directory, { recursive: true, force: true });
  });

  it('runs a pod, reads its log, executes in it and finds its address', async () => {
    using cri = new CriClient(daemon.socket);
    await pullImage(cri, BUSYBOX);
    const [outcome] = await runDemo(cri, BUSYBOX, path.join(directory, 'logs'), () => undefined);
    expect(outcome).toMatchObject({
      address: expect.stringMatching(/^10\.92\./) as string,
      log: 'hello from demo',
      exec: expect.stringContaining('Linux') as string,
    });
  });

  it("says why a handler can't run a pod, in the runtime's words", async () => {
    using cri = new CriClient(daemon.socket);
    const [outcome] = await runDemo(
      cri,
      'registry.k8s.io/no-such-image:1',
      path.join(directory, 'logs'),
      () => undefined,
    );
    expect(outcome).toMatchObject({ failure: expect.stringContaining('no-such-image') as string });
  });
});
