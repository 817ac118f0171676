import { Semaphore } from '@crihub/kernel';
import { expect, it, vi } from 'vitest';
import { HubRig } from './testing/hub-rig.ts';

const PLACES = 2;
const names = Array.from({ length: 6 }, (_, index) => `pod-${String(index)}`);

it('a handler whose pods hang in their creation keeps nobody waiting but its own', async () => {
  const boot = Promise.withResolvers<undefined>();
  await using rig = await HubRig.start((handler) => {
    const slow = handler('slow', { admission: new Semaphore(PLACES) });
    const { sandboxes } = slow.backend;
    const start: typeof sandboxes.start = async (...args) => {
      await boot.promise;
      return await sandboxes.start(...args);
    };
    const backend = { ...slow.backend, sandboxes: { ...sandboxes, start } };
    return { handlers: [handler('memory'), { ...slow, backend }], defaultHandler: 'memory' };
  });
  let finished = 0;
  const hanging = names.map(async (name) => {
    const id = await rig.runSandbox(`slow-${name}`, {}, 'slow');
    finished += 1;
    return id;
  });
  await vi.waitFor(() => expect(creationsOf(rig, 'slow')).toEqual({ running: PLACES, waiting: 4 }));

  await Promise.all(names.map((name) => rig.runSandbox(name)));
  await rig.createContainer(await rig.runSandbox('with-container'));
  expect(creationsOf(rig, 'memory')).toEqual({ running: 0, waiting: 0 });
  expect(creationsOf(rig, 'slow')).toEqual({ running: PLACES, waiting: 4 });
  expect(finished).toBe(0);

  boot.resolve(undefined);
  expect(new Set(await Promise.all(hanging)).size).toBe(names.length);
});

const creationsOf = (rig: HubRig, handler: string): unknown => rig.hub.figures().creations.get(handler);
