import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Sandbox } from '@crihub/contract';
import { type ContainerId, type SandboxId, sleep } from '@crihub/kernel';
import { expect, it } from 'vitest';
import { ContainerdRig, type ContainerdRigOptions } from './testing/containerd-rig.ts';

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

interface Pod {
  readonly sandbox: Sandbox;
  readonly containers: readonly Container[];
}

/** A pod with two containers. */
async function podOfTwo(rig: ContainerdRig): Promise<Pod> {
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

it('runs short containers one after the other, though the shim that they share ends with the last', async () => {
  await using rig = await ContainerdRig.start();
  const sandbox = await rig.makeSandbox();
  await rig.backend.sandboxes.prepare(sandbox, soon());
  await rig.backend.sandboxes.start(sandbox, undefined, soon());
  for (let round = 0; round < 25; round += 1) {
    const container = await rig.makeContainer(sandbox, { process: { args: ['/bin/true'] } });
    await rig.backend.containers.create(container, sandbox, soon());
    await rig.backend.containers.start(container.id, soon());
    await sleep(round); // so that the end of one falls into each part of the creation of the next
  }
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
});

/** The container of the pod that its shim is named by. */
async function shimName(rig: ContainerdRig, { containers }: Pod): Promise<ContainerId> {
  const shims = await rig.shims();
  const found = containers.find(({ id }) => shims.some((line) => line.includes(`-id ${id} `)));
  if (found === undefined) throw new Error('the pod has no shim');
  return found.id;
}

const partialOnes = async ({ backend }: ContainerdRig): Promise<readonly string[]> => {
  const { sandboxes } = await backend.inventory(soon());
  return sandboxes.filter(({ state }) => state === 'partial').map(({ id }) => id);
};

it('finds the shim that its containerd has forgotten, and ends it with what it runs', async () => {
  await using neighbour = await ContainerdRig.start();
  await using rig = await ContainerdRig.start();
  const { backend, daemon } = rig;
  const [kept, forgotten, foreign] = [await podOfTwo(rig), await podOfTwo(rig), await podOfTwo(neighbour)];
  const [gone, lost] = [await shimName(rig, kept), await shimName(rig, forgotten)];
  // Its shim goes on under its name, for the other container of the pod.
  await backend.containers.remove(gone, soon());
  await daemon.forget(forgotten.containers.map(({ id }) => id));
  await neighbour.daemon.forget(foreign.containers.map(({ id }) => id));
  await expect.poll(() => partialOnes(rig), { timeout: 10_000 }).toEqual([lost]);
  await backend.sandboxes.remove(lost as string as SandboxId, soon());
  expect(await partialOnes(rig)).toEqual([]);
  expect(await rig.shims()).toEqual([expect.stringContaining(gone)]);
  expect(await rig.podProcesses()).toHaveLength(1);
  expect(await neighbour.podProcesses()).toHaveLength(2);
  for (const { id } of forgotten.containers) await backend.containers.remove(id, soon());
  for (const { sandbox } of [forgotten, kept]) await backend.sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
});
