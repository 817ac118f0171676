import type { BackendEvent } from '@crihub/contract';
import { isAlive, processRef } from '@crihub/linux';
import { expect, it } from 'vitest';
import { KataRig } from './testing/kata-rig.ts';
import { runSleeper, tellMachine } from './testing/sleeper.ts';

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

it(
  'ends the machine of a guest that never answers when its container is killed',
  {
    timeout: 150_000,
  },
  async () => {
    await using rig = await KataRig.start();
    const { sandboxes, containers } = rig.backend;
    const { sandbox, container } = await runSleeper(rig);
    const machine = `${rig.machine.podCgroup(sandbox.id)}/crihub-machine-${sandbox.id.slice(0, 16)}`;
    const [qemu = Number.NaN] = await rig.machine.cgroups.processes(machine);
    const ref = await processRef(qemu);
    const runs = async (): Promise<boolean> => ref !== undefined && (await isAlive(ref));
    process.kill(qemu, 'SIGSTOP');

    await containers.signal(container.id, 'SIGTERM', 'init', soon());
    expect(await runs()).toBe(true);
    const exit = firstExit(rig.backend.events(soon()));
    await containers.signal(container.id, 'SIGKILL', 'init', soon());
    expect(await exit).toMatchObject({ id: container.id, exit: { exitCode: 137 } });
    expect(await runs()).toBe(false);

    await containers.remove(container.id, soon());
    await sandboxes.stop(sandbox.id, soon());
    await sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
  },
);

it(
  'keeps the machine of a guest that does not answer a new daemon, and can remove it',
  { timeout: 150_000 },
  async () => {
    await using rig = await KataRig.start();
    const { sandbox, container } = await runSleeper(rig);

    const deaf = await rig.reopen(async () => tellMachine(rig, sandbox, 'stop'));
    expect(await deaf.inventory(soon())).toMatchObject({
      sandboxes: [{ id: sandbox.id, state: 'running' }],
      containers: [{ id: container.id, state: 'running' }],
    });

    const [qemu] = await rig.machine.cgroups.processes(
      `${rig.machine.podCgroup(sandbox.id)}/crihub-machine-${sandbox.id.slice(0, 16)}`,
    );
    expect(qemu).toBeDefined();
    await deaf.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
  },
);

async function firstExit(events: AsyncIterable<BackendEvent>): Promise<BackendEvent | undefined> {
  for await (const event of events) if (event.type === 'containerExited') return event;
  return undefined;
}
