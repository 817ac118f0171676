import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { goProgram } from '@crihub/tool-conformance';
import { execSync, removeAllPods } from '@crihub/tool-fixtures';
import { type SpawnedProcess, spawnProcess } from '@crihub/transport/process';
import {
  LinuxContainerResources,
  RuntimeServiceService as runtime,
  UpdateContainerResourcesRequest,
} from '@crihub/wire/cri';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { viewContainer } from './kubelet/calls.ts';
import { eventually } from './kubelet/eventually.ts';
import { TestPod } from './kubelet/test-pod.ts';
import { nriSocket, ociHandler } from './node/daemon-config.ts';
import { TestNode } from './node/test-node.ts';

const BUILD_MS = 10 * 60_000;

/** A plugin in Go, made with the stub of all plugins; it adjusts as the annotations of a pod say. */
describe('a plugin', () => {
  let node: TestNode;
  let plugin: SpawnedProcess;

  beforeAll(async () => {
    const program = await goProgram('nri-plugin', () => undefined);
    node = await TestNode.start({
      number: 47,
      handlers: (directory) => ({ crun: ociHandler(directory, 'crun') }),
    });
    plugin = await spawnProcess(program, { args: [nriSocket(node.directory)] });
    await joined();
  }, BUILD_MS);
  afterEach(async () => {
    await removeAllPods(node.cri);
  });
  afterAll(async () => {
    plugin.killGroup();
    await plugin.exited;
    await node[Symbol.asyncDispose]();
  });

  const joined = async (count = 1): Promise<unknown> =>
    eventually('the plugin to take part', async () =>
      (await node.metrics()).includes(`crihub_nri_plugins ${String(count)}\n`) ? true : undefined,
    );

  const podThatAsks = async (annotations: Readonly<Record<string, string>>): Promise<TestPod> =>
    TestPod.run(node, { ...(await node.podConfig('adjusted')), annotations });

  it('gives a container variables, mounts and limits', async () => {
    const source = path.join(node.directory, 'from-plugin');
    await writeFile(source, 'hello');
    const pod = await podThatAsks({ env: 'ADDED=by plugin', mount: `${source}:/given`, pids: '77' });
    const id = await pod.start();
    const { stdout } = await execSync(node.cri, id, [
      'sh',
      '-c',
      'echo $ADDED; cat /given; touch /given 2>&1',
    ]);
    expect(stdout.toString()).toMatch(/^by plugin\nhello.*Read-only file system/);
    const { status, pid } = await viewContainer(node.cri, id);
    expect(status.mounts).toEqual([]);
    expect(await pidsLimit(pid)).toBe('77');
  });

  it('changes an update that the kubelet asks for', async () => {
    const id = await (await podThatAsks({})).start();
    const linux = LinuxContainerResources.create({ cpuShares: 300n });
    await node.cri.call(
      runtime.updateContainerResources,
      UpdateContainerResourcesRequest.create({ containerId: id, linux }),
    );
    expect((await viewContainer(node.cri, id)).status.resources?.linux?.cpuShares).toBe(600n);
  });

  it.each([
    { wish: { refuse: 'not on my node' }, message: /NRI plugin 10-adjuster refused .*: not on my node/ },
    { wish: { hook: '/bin/true' }, message: /10-adjuster .*hooks of the OCI runtime can't be adjusted/ },
  ])('keeps a container from being made, of which nothing stays: $wish', async ({ wish, message }) => {
    const pod = await podThatAsks(wish);
    await expect(pod.create()).rejects.toThrow(message);
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it('is not missed when it dies', async () => {
    const pod = await podThatAsks({ refuse: 'everything' });
    plugin.killGroup();
    await joined(0);
    await pod.start();
  });
});

async function pidsLimit(pid: number | undefined): Promise<string> {
  const cgroups = await readFile(`/proc/${String(pid)}/cgroup`, 'utf8');
  const found = /^\d+:pids:(.*)$/m.exec(cgroups)?.[1];
  const file =
    found === undefined
      ? `/sys/fs/cgroup${/^0::(.*)$/m.exec(cgroups)?.[1] ?? ''}/pids.max`
      : `/sys/fs/cgroup/pids${found}/pids.max`;
  return (await readFile(file, 'utf8')).trim();
}
