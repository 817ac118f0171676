import { join } from 'node:path';
import type { Container, Sandbox } from '@crihub/contract';
import { QmpConnection } from '@crihub/transport/qmp';
import { machineFiles } from '../machine/machine-files.ts';
import type { KataRig } from './kata-rig.ts';

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** A pod in a machine of its own, with a container that sleeps. */
export async function runSleeper(
  rig: KataRig,
): Promise<{ readonly sandbox: Sandbox; readonly container: Container }> {
  const { sandboxes, containers } = rig.backend;
  const sandbox = await rig.makeSandbox();
  await sandboxes.prepare(sandbox, soon());
  await sandboxes.start(sandbox, undefined, soon());
  const container = await rig.makeContainer(sandbox, { process: { args: ['sleep', '1000'] } });
  await containers.create(container, sandbox, soon());
  await containers.start(container.id, soon());
  return { sandbox, container };
}

/** Gives a command to the machine's QEMU, while no daemon does. */
export async function tellMachine(rig: KataRig, { id }: Sandbox, command: 'stop' | 'cont'): Promise<void> {
  const { qmp: socket } = machineFiles(join(rig.directory, 'run/pods', id.slice(0, 32), 'vm'));
  const qmp = await QmpConnection.open(socket, soon());
  await qmp.execute(command, {}, soon());
  qmp.close();
}
