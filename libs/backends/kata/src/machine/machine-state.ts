import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { errnoCode, RuntimeError, sleep } from '@crihub/kernel';
import type { QmpConnection } from '@crihub/transport/qmp';
import { z } from 'zod';

/** A machine that was saved, from which others go on. */
export interface SavedMachine {
  /** Path of its memory, which its size is the size of. */
  readonly memory: string;
  /** Path of all else: processors and devices. */
  readonly state: string;
}

const POLL_MS = 10;
const migration = z.object({ status: z.string().optional(), 'error-desc': z.string().optional() });

const vmStatus = z.object({ status: z.string() });

/** Memory is in a file that is there at both ends: QEMU's stream leaves it out (`x-ignore-shared`). */
const capabilities = [{ capability: 'x-ignore-shared', state: true }];

/** Saves a machine, memory excepted, and leaves it stopped. Its seccomp filter forbids programs: it writes to a socket. */
export async function saveState(
  qmp: QmpConnection,
  socketPath: string,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const server = createServer().listen(socketPath);
  try {
    await once(server, 'listening', { signal });
    await qmp.execute('migrate-set-capabilities', { capabilities }, signal);
    const [[socket]] = await Promise.all([
      once(server, 'connection', { signal }) as Promise<[Socket]>,
      qmp.execute('migrate', { uri: `unix:${socketPath}` }, signal),
    ]);
    await pipeline(socket, createWriteStream(file, { mode: 0o600 }), { signal });
    await untilSaved(qmp, signal);
  } finally {
    server.close();
    await rm(socketPath, { force: true });
  }
}

/**
 * Gives a machine that waits for it the state of a saved one, and waits until it goes on.
 * @throws Unavailable if it has ended, as one does that can't take the state.
 */
export async function receiveState(
  qmp: QmpConnection,
  socketPath: string,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  await qmp.execute('migrate-set-capabilities', { capabilities }, signal);
  await qmp.execute('migrate-incoming', { uri: `unix:${socketPath}` }, signal);
  try {
    await pipeline(createReadStream(file), connect(socketPath), { signal });
  } catch (error) {
    // QEMU knows by itself where a state ends, and may hang up before we do.
    if (errnoCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
  await rm(socketPath, { force: true });
  while ((await statusOf(qmp, signal)) === 'inmigrate') await sleep(POLL_MS, signal);
}

const statusOf = async (qmp: QmpConnection, signal: AbortSignal): Promise<string> =>
  vmStatus.parse(await qmp.execute('query-status', {}, signal)).status;

async function untilSaved(qmp: QmpConnection, signal: AbortSignal): Promise<void> {
  for (;;) {
    const told = migration.parse(await qmp.execute('query-migrate', {}, signal));
    if (told.status === 'completed') return;
    if (told.status === 'failed') {
      throw new RuntimeError(
        'Internal',
        `QEMU could not save a machine: ${told['error-desc'] ?? 'no reason given'}`,
      );
    }
    await sleep(POLL_MS, signal);
  }
}
