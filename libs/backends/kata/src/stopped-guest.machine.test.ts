import { join } from 'node:path';
import { sleep } from '@crihub/kernel';
import { QmpConnection } from '@crihub/transport/qmp';
import { expect, it } from 'vitest';
import { machineFiles } from './machine/machine-files.ts';
import { KataRig } from './testing/kata-rig.ts';

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
/** In ms. The daemon before is still connecting when the guest goes on. */
const STANDSTILL_MS = 5_000;

it('reaches a guest again that stood still while a daemon tried to', { timeout: 150_000 }, async () => {
  await using rig = await KataRig.start();
  const sandbox = await rig.makeSandbox();
  await rig.backend.sandboxes.prepare(sandbox, soon());
  await rig.backend.sandboxes.start(sandbox, undefined, soon());
  const container = await rig.makeContainer(sandbox, { process: { args: ['sleep', '1000'] } });
  await rig.backend.containers.create(container, sandbox, soon());
  await rig.backend.containers.start(container.id, soon());
  const { qmp: socket } = machineFiles(join(rig.directory, 'run/pods', sandbox.id.slice(0, 32), 'vm'));
  const tell = async (command: string): Promise<void> => {
    const qmp = await QmpConnection.open(socket, soon());
    await qmp.execute(command, {}, soon());
    qmp.close();
  };

  await rig.reopen(async () => tell('stop'));
  await sleep(STANDSTILL_MS);
  await rig.reopen(async () => tell('cont'));
  expect(await rig.askGuest(container, 'echo here')).toBe('here\n');
  await rig.backend.sandboxes.stop(sandbox.id, soon());
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
});
