import { setTimeout as delay } from 'node:timers/promises';
import type { Backend } from '@crihub/contract';
import { expect } from 'vitest';
import { contractTests } from '../contract-test.ts';
import { EventLog } from '../event-log.ts';
import { Failpoints } from '../../failpoints/failpoints.ts';
import { withFailpoints } from '../../failpoints/with-failpoints.ts';
import { OPERATIONS, type Operation } from '../operations.ts';
import { containerInInventory, removePods, runContainer, runPod, sandboxInInventory } from '../pods.ts';
import type { Rig } from '../rig.ts';
import { eventually, soon, within } from '../waiting.ts';
import { repeat } from './abort.ts';

export const recoveryTests = contractTests(
  {
    name: 'finds running pods and containers again after a death',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const container = await runContainer(rig, sandbox, rig.commands.sleepForever);
      const before = await rig.backend.inventory(soon());
      await rig.reopen();
      expect(await rig.backend.inventory(soon())).toEqual(before);
      expect(await containerInInventory(rig, container)).toMatchObject({ state: 'running' });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'gives back pods and containers as they were made, for a hub that has lost its records',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const container = await rig.makeContainer(sandbox, { process: { args: rig.commands.sleepForever } });
      await rig.backend.containers.create(container, sandbox, soon());
      await rig.reopen();
      expect(await sandboxInInventory(rig, sandbox)).toMatchObject({ sandbox });
      expect(await containerInInventory(rig, container)).toMatchObject({ container });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'knows the exit of a container that ended while no daemon was there',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const { id } = await runContainer(rig, sandbox, rig.commands.exitLater(300, 7));
      await rig.reopen(() => delay(900));
      const found = await eventually('the exit in the inventory', async () => {
        const container = await containerInInventory(rig, { id });
        return container?.state === 'exited' ? container : undefined;
      });
      expect(found).toMatchObject({ exit: { exitCode: 7, oomKilled: false } });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'tells the exit of a container that a former daemon started',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const { id } = await runContainer(rig, sandbox, rig.commands.sleepForever);
      await rig.reopen();
      await using events = new EventLog(rig.backend);
      await rig.backend.containers.signal(id, 'SIGKILL', 'all', soon());
      expect(await events.exitOf(id)).toMatchObject({ exitCode: 137 });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'starts a container that a former daemon created, and runs execs in it',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const container = await rig.makeContainer(sandbox, { process: { args: rig.commands.sleepForever } });
      await rig.backend.containers.create(container, sandbox, soon());
      await rig.reopen();
      await rig.backend.containers.start(container.id, soon());
      const spec = { args: rig.commands.exitWith(4), terminal: false, stdin: false };
      const session = await rig.backend.processes.exec(container.id, spec, soon());
      session.stdout.resume();
      session.stderr?.resume();
      expect(await within(10_000, 'the exec', session.exit)).toEqual({ exitCode: 4 });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  ...OPERATIONS.map((operation) => ({
    name: `shows and finishes or removes what is left of ${operation.name} after a death at any step`,
    run: (rig: Rig) => dieAtEachStep(rig, operation),
  })),
);

async function dieAtEachStep(rig: Rig, operation: Operation): Promise<void> {
  for (const point of await pointsOf(rig, operation)) {
    const { sandbox, call } = await operation.arrange(rig);
    const dying = mortal(rig);
    dying.failpoints.arm(point, { type: 'crash' });
    // It never settles, since its daemon dies; one that does has missed the point, and the wait below fails.
    void call(dying.backend, soon()).catch(() => undefined);
    await within(30_000, `the death at ${point}`, dying.failpoints.crashed);
    await rig.reopen();
    const exists = (await rig.leaks()).length > 0;
    const shown = await sandboxInInventory(rig, sandbox);
    if (exists) expect(shown, `what is there after a death at ${point}`).toBeDefined();
    await repeat(operation, (signal) => call(rig.backend, signal));
    expect(await removePods(rig, sandbox), `after a death at ${point}`).toEqual([]);
    expect(await rig.leaks(), `after a death at ${point}`).toEqual([]);
  }
}

/** The steps of an operation, found by performing it once. */
async function pointsOf(rig: Rig, operation: Operation): Promise<readonly string[]> {
  const { sandbox, call } = await operation.arrange(rig);
  const living = mortal(rig);
  const begin = living.failpoints.reached.length;
  await call(living.backend, soon());
  const points = [...new Set(living.failpoints.reached.slice(begin))];
  expect(points).not.toEqual([]);
  expect(await removePods(rig, sandbox)).toEqual([]);
  return points;
}

/** The backend with the points where it can die. */
function mortal(rig: Rig): { readonly backend: Backend; readonly failpoints: Failpoints } {
  if (rig.failpoints !== undefined) return { backend: rig.backend, failpoints: rig.failpoints };
  const failpoints = new Failpoints();
  return { backend: withFailpoints(rig.backend, failpoints), failpoints };
}
