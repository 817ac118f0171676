import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Sandbox } from '@crihub/contract';
import { expect, it } from 'vitest';
import { ContainerdRig, type ContainerdRigOptions } from './testing/containerd-rig.ts';

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

/** A pod with two containers. */
async function podOfTwo(rig: ContainerdRig): Promise<{ sandbox: Sandbox; containers: readonly Container[] }> {
  const sandbox = await rig.makeSandbox();
  await rig.backend.sandboxes.prepare(sandbox, soon());
  await rig.backend.sandboxes.start(sandbox, undefined, soon());
  const containers = await Promise.all(
    ['one', 'two'].map((name) =>
      rig.makeContainer(sandbox, { process: { args: ['/bin/sh', '-c', `echo ${name}; sleep 1000`] } }),
    ),
  );
  await Promise.all(
    containers.map(async (container) => {
      await rig.backend.containers.create(container, sandbox, soon());
      await rig.backend.containers.start(container.id, soon());
    }),
  );
  return { sandbox, containers };
}

it.each<[string, ContainerdRigOptions, number]>([
  ['runc, without a process of the pod', {}, 2],
  ['crun', { runtime: 'crun' }, 2],
])('runs all containers of a pod under one shim: %s', async (_sentence, options, processes) => {
  await using rig = await ContainerdRig.start(options);
  const { sandbox, containers } = await podOfTwo(rig);
  expect(await rig.shims()).toHaveLength(1);
  expect(await rig.podProcesses()).toHaveLength(processes);
  const [first] = containers;
  if (first !== undefined) await rig.backend.containers.remove(first.id, soon());
  expect(await rig.shims()).toHaveLength(1);
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
});

it('runs pods on a shim that it knows only by name, with a process of the pod', async () => {
  await using rig = await ContainerdRig.start({ runtimeType: 'io.containerd.other.v2' });
  await mkdir(join(rig.directory, 'bin'));
  await symlink('/usr/bin/containerd-shim-runc-v2', join(rig.directory, 'bin/containerd-shim-other-v2'));
  const { sandbox, containers } = await podOfTwo(rig);
  expect(await rig.shims()).toEqual([expect.stringContaining(`-id ${sandbox.id} `)]);
  expect(await rig.podProcesses()).toHaveLength(3);
  for (const { logPath } of containers)
    await expect.poll(() => readFile(logPath, 'utf8')).toMatch(/ stdout F (one|two)\n$/);
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
});
