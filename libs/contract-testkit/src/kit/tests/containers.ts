import { newContainerId } from '@crihub/kernel';
import { expect } from 'vitest';
import { contractTests } from '../contract-test.ts';
import { EventLog } from '../event-log.ts';
import { failure } from '../failure.ts';
import {
  containerInInventory,
  createContainer,
  removePods,
  runContainer,
  runPod,
  untilReady,
} from '../pods.ts';
import { soon } from '../waiting.ts';

const MIB = 1024 * 1024;

export const containerTests = contractTests(
  {
    name: 'takes a container through create, start, end and remove',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const container = await createContainer(rig, sandbox, rig.commands.exitLater(100, 7));
      expect(await containerInInventory(rig, container)).toMatchObject({ state: 'created' });
      await rig.backend.containers.start(container.id, soon());
      await events.exitOf(container.id);
      expect(await containerInInventory(rig, container)).toMatchObject({
        state: 'exited',
        sandboxId: sandbox.id,
        exit: { exitCode: 7, oomKilled: false },
      });
      await rig.backend.containers.remove(container.id, soon());
      expect(await containerInInventory(rig, container)).toBeUndefined();
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'tells when a container was started',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const before = BigInt(Date.now() - 1000) * 1_000_000n;
      const { started } = await runContainer(rig, sandbox, rig.commands.sleepForever);
      expect(started.startedAt).toBeGreaterThan(before);
      expect(started.startedAt).toBeLessThan(BigInt(Date.now() + 1000) * 1_000_000n);
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'does not run the program before start',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const container = await createContainer(rig, sandbox, rig.commands.exitWith(3));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(events.exitsOf(container.id)).toEqual([]);
      expect(await containerInInventory(rig, container)).toMatchObject({ state: 'created' });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'repeats every call on a container without harm',
    run: async (rig) => {
      const { containers } = rig.backend;
      const sandbox = await runPod(rig);
      const container = await rig.makeContainer(sandbox, { process: { args: rig.commands.sleepForever } });
      const created = await containers.create(container, sandbox, soon());
      expect(await containers.create(container, sandbox, soon())).toEqual(created);
      const started = await containers.start(container.id, soon());
      expect((await containers.start(container.id, soon())).pid).toBe(started.pid);
      for (let round = 0; round < 2; round += 1) {
        await containers.update(container.id, { memoryLimitBytes: 64 * MIB }, soon());
        await containers.reopenLog(container.id, soon());
      }
      for (let round = 0; round < 2; round += 1) {
        await containers.signal(container.id, 'SIGKILL', 'all', soon());
      }
      for (let round = 0; round < 2; round += 1) await containers.remove(container.id, soon());
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'signals and removes a container that never was',
    run: async ({ backend }) => {
      const id = newContainerId();
      await backend.containers.signal(id, 'SIGTERM', 'init', soon());
      await backend.containers.signal(id, 'SIGKILL', 'all', soon());
      await backend.containers.remove(id, soon());
    },
  },
  {
    name: 'refuses to start, update or reopen the log of a container that never was, as NotFound',
    run: async ({ backend }) => {
      const id = newContainerId();
      const calls = [
        backend.containers.start(id, soon()),
        backend.containers.update(id, { memoryLimitBytes: 64 * MIB }, soon()),
        backend.containers.reopenLog(id, soon()),
      ];
      const notFound = { kind: 'NotFound' };
      expect(await Promise.all(calls.map(failure))).toMatchObject([notFound, notFound, notFound]);
    },
  },
  {
    name: 'does not signal a container that has ended',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const { id } = await runContainer(rig, sandbox, rig.commands.exitWith(0));
      await events.exitOf(id);
      await rig.backend.containers.signal(id, 'SIGTERM', 'init', soon());
      await rig.backend.containers.signal(id, 'SIGKILL', 'all', soon());
      expect(await containerInInventory(rig, { id })).toMatchObject({ exit: { exitCode: 0 } });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'creates and starts the containers of a pod at once',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const made = Array.from({ length: 4 }, () => runContainer(rig, sandbox, rig.commands.sleepForever));
      const ids = (await Promise.all(made)).map(({ id }) => id);
      const { containers } = await rig.backend.inventory(soon());
      expect(containers.map(({ id, state }) => `${id} ${state}`).sort()).toEqual(
        ids.map((id) => `${id} running`).sort(),
      );
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'refuses a program that does not exist as FailedPrecondition, and removes what was made',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      // Some runtimes look for the program when they create, others when they start.
      expect(await failure(runContainer(rig, sandbox, rig.commands.missing))).toMatchObject({
        kind: 'FailedPrecondition',
      });
      const { containers } = await rig.backend.inventory(soon());
      for (const { id, state } of containers) {
        expect(state).not.toBe('running');
        await rig.backend.containers.remove(id, soon());
      }
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'sends a signal by its name to the first process',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const container = await runContainer(rig, sandbox, rig.commands.exitOnSignal('SIGUSR1', 42));
      await untilReady(container);
      await rig.backend.containers.signal(container.id, 'SIGUSR1', 'init', soon());
      expect(await events.exitOf(container.id)).toMatchObject({ exitCode: 42 });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'kills all processes of a container that ignores SIGTERM',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const container = await runContainer(rig, sandbox, rig.commands.ignoreTerm);
      await untilReady(container);
      await rig.backend.containers.signal(container.id, 'SIGTERM', 'init', soon());
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(events.exitsOf(container.id)).toEqual([]);
      await rig.backend.containers.signal(container.id, 'SIGKILL', 'all', soon());
      expect(await events.exitOf(container.id)).toMatchObject({ exitCode: 137, oomKilled: false });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'removes a running container',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const container = await runContainer(rig, sandbox, rig.commands.spawnTree('86401'));
      await untilReady(container);
      await rig.backend.containers.remove(container.id, soon());
      expect(await containerInInventory(rig, container)).toBeUndefined();
      expect(await rig.countProcesses(container, '86401')).toBe(0);
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'changes the limits of a running container',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const container = await runContainer(rig, sandbox, rig.commands.sleepForever);
      const limits = { memoryLimitBytes: 96 * MIB, cpuQuotaUs: 50_000 };
      await rig.backend.containers.update(container.id, { ...limits, cpuPeriodUs: 100_000 }, soon());
      expect(await rig.readLimits(container)).toMatchObject(limits);
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'changes no limit at all if one of them is refused',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const container = await runContainer(rig, sandbox, rig.commands.sleepForever);
      const before = { memoryLimitBytes: 96 * MIB, cpuQuotaUs: 50_000 };
      await rig.backend.containers.update(container.id, { ...before, cpuPeriodUs: 100_000 }, soon());
      const refused = { memoryLimitBytes: 48 * MIB, cpuQuotaUs: 20_000, cpusetCpus: '4090' };
      await failure(rig.backend.containers.update(container.id, refused, soon()));
      expect(await rig.readLimits(container)).toMatchObject(before);
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
);
