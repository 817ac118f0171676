import { mkdir, rename, rm } from 'node:fs/promises';
import { sleep } from '@crihub/kernel';
import { QmpConnection } from '@crihub/transport/qmp';
import { z } from 'zod';
import type { Launcher } from '../machine/launcher.ts';
import { saveState } from '../machine/machine-state.ts';
import { CHANNEL, type MachineSize } from '../machine/qemu-arguments.ts';
import { unlessShutDown } from '../machine/unless-shut-down.ts';
import type { SparePlace, SparePlaces } from '../spare/spare-places.ts';
import { savedIn } from './saved-in.ts';

export interface TemplateMakerDependencies {
  readonly launcher: Launcher;
  readonly places: SparePlaces;
}

const POLL_MS = 20;
const devices = z.array(z.object({ label: z.string(), 'frontend-open': z.boolean() }));

/**
 * Boots a guest to where it waits for its identity, and saves it: no keys, no shares and no network are in
 * it yet. The directory appears whole or not at all.
 */
export async function makeTemplate(
  directory: string,
  size: MachineSize,
  { launcher, places }: TemplateMakerDependencies,
  signal: AbortSignal,
): Promise<void> {
  const unfinished = `${directory}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const { memory, state } = savedIn(unfinished);
  const place = await places.open();
  try {
    await launcher.start({ ...place, size, memory, idle: true }, signal);
    await saveWaiting(place, state, signal);
    await places.close(place);
    await rename(unfinished, directory);
  } catch (error) {
    await places.close(place);
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

async function saveWaiting({ files }: SparePlace, state: string, signal: AbortSignal): Promise<void> {
  const qmp = await QmpConnection.open(files.qmp, signal);
  try {
    await unlessShutDown(qmp, untilWaiting(qmp, signal));
    await saveState(qmp, files.state, state, signal);
  } finally {
    qmp.close();
  }
}

/** The guest opens its port when all that comes before is done; it stays in its greeting until we connect. */
async function untilWaiting(qmp: QmpConnection, signal: AbortSignal): Promise<void> {
  for (;;) {
    const told = devices.parse(await qmp.execute('query-chardev', {}, signal));
    if (told.some((device) => device.label === CHANNEL && device['frontend-open'])) return;
    await sleep(POLL_MS, signal);
  }
}
