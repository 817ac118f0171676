import { expect } from 'vitest';
import { type ContractTest, contractTests } from '../contract-test.ts';
import { EventLog } from '../event-log.ts';
import { removePods, runContainer, runPod, untilReady } from '../pods.ts';
import { eventually, soon, within } from '../waiting.ts';

const MIB = 1024 * 1024;
/** A second, as promised, and what a busy machine adds. */
const EXIT_MS = 2_000;

export const eventTests = contractTests(
  ...[0, 7, 255].map((code): ContractTest => ({
    name: `tells within a second that a container exited with ${String(code)}`,
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const { id } = await runContainer(rig, sandbox, rig.commands.exitLater(200, code));
      const exit = await events.exitOf(id, 200 + EXIT_MS);
      expect(exit).toMatchObject({ exitCode: code, oomKilled: false });
      expect(Math.abs(Date.now() - Number(exit.finishedAt / 1_000_000n))).toBeLessThan(10_000);
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  })),
  {
    name: 'tells an exit of a container that ends at once',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const containers = Array.from({ length: 4 }, () =>
        runContainer(rig, sandbox, rig.commands.exitWith(3)),
      );
      for (const { id } of await Promise.all(containers)) {
        expect(await events.exitOf(id)).toMatchObject({ exitCode: 3 });
      }
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'tells a death by signal as 128 and its number',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const container = await runContainer(rig, sandbox, rig.commands.sleepForever);
      await untilReady(container);
      await rig.backend.containers.signal(container.id, 'SIGKILL', 'init', soon());
      expect(await events.exitOf(container.id, EXIT_MS)).toMatchObject({ exitCode: 137, oomKilled: false });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'tells a death from lack of memory',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const resources = { memoryLimitBytes: 32 * MIB, memorySwapLimitBytes: 32 * MIB };
      const { id } = await runContainer(rig, sandbox, rig.commands.oom, { resources });
      expect(await events.exitOf(id, 20_000)).toMatchObject({ exitCode: 137, oomKilled: true });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'tells all who listen',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using first = new EventLog(rig.backend);
      await using second = new EventLog(rig.backend);
      const { id } = await runContainer(rig, sandbox, rig.commands.exitLater(100, 0));
      await Promise.all([first.exitOf(id), second.exitOf(id)]);
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'ends the iteration of events when its signal aborts',
    run: async ({ backend }) => {
      const events = new EventLog(backend);
      await within(5_000, 'the end of the iteration', events.stop());
      await within(5_000, 'an aborted iteration', drain(backend.events(AbortSignal.abort())));
    },
  },
  {
    name: 'tells that events may have been missed, or misses none, when their source breaks',
    run: async (rig, skip) => {
      if (rig.interruptEvents === undefined) return skip('its source of events cannot be broken');
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const { id } = await runContainer(rig, sandbox, rig.commands.exitLater(500, 0));
      await rig.interruptEvents();
      await eventually('a resync or the exit', () =>
        events.events.some((event) => event.type === 'resync') || events.exitsOf(id).length > 0
          ? true
          : undefined,
      );
      await eventually('the exit in the inventory', async () =>
        (await rig.backend.inventory(soon())).containers.find((c) => c.id === id && c.state === 'exited'),
      );
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
);

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _event of events);
}
