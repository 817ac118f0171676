import { sleep } from '@crihub/kernel';
import { expect, it } from 'vitest';
import { KataRig } from './testing/kata-rig.ts';
import { runSleeper, tellMachine } from './testing/sleeper.ts';

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
/** In ms. The daemon before is still connecting when the guest goes on. */
const STANDSTILL_MS = 5_000;

it('reaches a guest again that stood still while a daemon tried to', { timeout: 150_000 }, async () => {
  await using rig = await KataRig.start();
  const { sandbox, container } = await runSleeper(rig);

  await rig.reopen(async () => tellMachine(rig, sandbox, 'stop'));
  await sleep(STANDSTILL_MS);
  await rig.reopen(async () => tellMachine(rig, sandbox, 'cont'));
  expect(await rig.askGuest(container, 'echo here')).toBe('here\n');
  await rig.backend.sandboxes.stop(sandbox.id, soon());
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
});
