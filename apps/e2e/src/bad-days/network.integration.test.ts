import { mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { podAddress, runPod } from '@crihub/tool-fixtures';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { podsOf, removeStoppedPod, stopPod } from '../kubelet/calls.ts';
import { TestPod } from '../kubelet/test-pod.ts';
import { MisbehavingProgram } from '../node/misbehaving-program.ts';
import { TestNode } from '../node/test-node.ts';

const PLUGINS = '/usr/lib/cni';
const FAILS = `echo '{"cniVersion":"1.0.0","code":999,"msg":"out of addresses"}'; exit 1`;

describe('a network plugin that misbehaves', () => {
  let node: TestNode;
  let portmap: MisbehavingProgram;
  let directory: string;

  beforeAll(async () => {
    node = await TestNode.start({ number: 21 });
    await node.stopDaemon();
    directory = path.join(node.directory, 'plugins');
    await mkdir(directory);
    for (const name of ['bridge', 'host-local', 'loopback'])
      await symlink(path.join(PLUGINS, name), path.join(directory, name));
    portmap = await MisbehavingProgram.make(
      path.join(directory, 'portmap'),
      path.join(PLUGINS, 'portmap'),
      '$CNI_COMMAND',
    );
    const network = { ...node.network, pluginDirectory: directory };
    await node.startDaemon({ network, pluginTimeoutSeconds: 1 });
  });
  afterEach(async () => {
    await portmap.behave();
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
  });

  it.each([
    ['fails', FAILS, 'Internal', 'out of addresses'],
    ['hangs', 'exec sleep 1000', 'DeadlineExceeded', 'portmap'],
    ['prints rubbish', 'echo rubbish; exit 0', 'Internal', 'portmap'],
  ])(
    'that %s at ADD fails RunPodSandbox, and its addresses are given back',
    async (_case, script, kind, words) => {
      const config = await node.podConfig('unconnected');
      await portmap.misbehave('ADD', script);
      await expect(runPod(node.cri, config)).rejects.toMatchObject({
        kind,
        message: expect.stringContaining(words) as string,
      });
      expect(await podsOf(node.cri, config)).toEqual([]);
      expect(await node.leftovers()).toEqual([]);
      await portmap.behave();
      const pod = await TestPod.run(node, config);
      expect(await podAddress(node.cri, pod.id)).toMatch(/^10\.121\./);
      await pod.remove();
    },
  );

  it.each([
    ['fails', FAILS],
    ['hangs', 'exec sleep 1000'],
  ])('that %s at DEL keeps the pod until DEL succeeds', async (_case, script) => {
    const pod = await TestPod.run(node);
    await portmap.misbehave('DEL', script);
    await expect(stopPod(node.cri, pod.id)).rejects.toThrow('portmap');
    expect(await podsOf(node.cri, pod.config)).toEqual([pod.id]);
    await portmap.behave();
    await stopPod(node.cri, pod.id);
    await removeStoppedPod(node.cri, pod.id);
    expect(await node.leftovers()).toEqual([]);
  });

  it('that is missing is named', async () => {
    await rm(path.join(directory, 'bridge'));
    const config = await node.podConfig('unconnected');
    await expect(runPod(node.cri, config)).rejects.toThrow(/bridge/);
    await expect(runPod(node.cri, config)).rejects.toThrow(/bridge/);
    await symlink(path.join(PLUGINS, 'bridge'), path.join(directory, 'bridge'));
    // What the failed creation owes is done before the pod is made anew.
    await (await TestPod.run(node, config)).remove();
    expect(await node.leftovers()).toEqual([]);
  });
});
