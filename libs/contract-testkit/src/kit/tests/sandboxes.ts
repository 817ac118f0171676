import { newSandboxId } from '@crihub/kernel';
import { expect } from 'vitest';
import { contractTests } from '../contract-test.ts';
import { failure } from '../failure.ts';
import { removePods, runContainer, runPod, sandboxInInventory, startPod, untilReady } from '../pods.ts';
import { soon } from '../waiting.ts';

const PARALLEL_PODS = 6;

export const sandboxTests = contractTests(
  {
    name: 'says its health, version and capabilities',
    run: async ({ backend }) => {
      const health = await backend.health(soon());
      expect(health).toMatchObject({ healthy: true, version: expect.stringMatching(/\d/) as unknown });
    },
  },
  {
    name: 'takes a pod through prepare, start, stop and remove',
    run: async (rig) => {
      const sandbox = await rig.makeSandbox();
      const prepared = await rig.backend.sandboxes.prepare(sandbox, soon());
      expect(await sandboxInInventory(rig, sandbox)).toMatchObject({ ...prepared, state: 'prepared' });
      await rig.backend.sandboxes.start(sandbox, await rig.attachNetwork?.(sandbox, prepared), soon());
      expect(await sandboxInInventory(rig, sandbox)).toMatchObject({ ...prepared, state: 'running' });
      await rig.backend.sandboxes.stop(sandbox.id, soon());
      expect((await sandboxInInventory(rig, sandbox))?.state).not.toBe('running');
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'names a network namespace for a pod network, and none for the node network',
    run: async (rig) => {
      const own = await rig.makeSandbox();
      const node = await rig.makeSandbox({
        hostname: '',
        namespaces: { ...own.namespaces, network: 'node' },
      });
      const paths = [own, node].map(
        async (sandbox) => (await rig.backend.sandboxes.prepare(sandbox, soon())).networkNamespace,
      );
      expect(await Promise.all(paths)).toEqual([expect.stringMatching(/^\//), undefined]);
      expect(await removePods(rig, own, node)).toEqual([]);
    },
  },
  {
    name: 'repeats every call on a pod without harm',
    run: async (rig) => {
      const { sandboxes } = rig.backend;
      const sandbox = await rig.makeSandbox();
      const prepared = await sandboxes.prepare(sandbox, soon());
      expect(await sandboxes.prepare(sandbox, soon())).toEqual(prepared);
      const network = await rig.attachNetwork?.(sandbox, prepared);
      // How long it took is told by the call that took it.
      const { phases: _measured, ...started } = await sandboxes.start(sandbox, network, soon());
      expect(await sandboxes.start(sandbox, network, soon())).toMatchObject(started);
      for (let round = 0; round < 2; round += 1) await sandboxes.stop(sandbox.id, soon());
      for (let round = 0; round < 2; round += 1) expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'stops and removes a pod that never was',
    run: async ({ backend }) => {
      const id = newSandboxId();
      await backend.sandboxes.stop(id, soon());
      await backend.sandboxes.remove(id, soon());
    },
  },
  {
    name: 'refuses to start or update a pod that never was, as NotFound',
    run: async (rig) => {
      const sandbox = await rig.makeSandbox();
      const { sandboxes } = rig.backend;
      expect(await failure(sandboxes.start(sandbox, undefined, soon()))).toMatchObject({ kind: 'NotFound' });
      const change = { overhead: {}, resources: { cpuShares: 512 } };
      expect(await failure(sandboxes.update(sandbox, change, soon()))).toMatchObject({
        kind: expect.stringMatching(/^(NotFound|Unimplemented)$/) as unknown,
      });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'removes a pod that was only prepared',
    run: async (rig) => {
      const sandbox = await rig.makeSandbox();
      await rig.backend.sandboxes.prepare(sandbox, soon());
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'kills all containers when it stops a pod',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const first = await runContainer(rig, sandbox, rig.commands.ignoreTerm);
      const second = await runContainer(rig, sandbox, rig.commands.sleepForever);
      await Promise.all([untilReady(first), untilReady(second)]);
      await rig.backend.sandboxes.stop(sandbox.id, soon());
      const { containers } = await rig.backend.inventory(soon());
      const running = containers.filter(({ state }) => state === 'running');
      expect(running).toEqual([]);
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'removes a running pod with its containers',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await runContainer(rig, sandbox, rig.commands.ignoreTerm);
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'runs several pods at once',
    run: async (rig) => {
      const pods = await Promise.all(Array.from({ length: PARALLEL_PODS }, () => rig.makeSandbox()));
      await Promise.all(pods.map((sandbox) => startPod(rig, sandbox)));
      await Promise.all(pods.map((sandbox) => runContainer(rig, sandbox, rig.commands.sleepForever)));
      const { containers } = await rig.backend.inventory(soon());
      expect(containers.map(({ state }) => state)).toEqual(pods.map(() => 'running'));
      expect(await removePods(rig, ...pods)).toEqual([]);
    },
  },
  {
    name: 'lets go of everything but the pods when it closes',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const container = await runContainer(rig, sandbox, rig.commands.sleepForever);
      await rig.backend.close();
      await rig.reopen();
      const { containers } = await rig.backend.inventory(soon());
      expect(containers).toMatchObject([{ id: container.id, state: 'running' }]);
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
);
