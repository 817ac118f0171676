import { connect, type Socket } from 'node:net';
import { errnoCode, RuntimeError, sleep, untilAborted } from '@crihub/kernel';

/** What the guest says when the host has connected. */
export type Greeting = 'new' | 'ready';

export interface Channel {
  readonly stream: Socket;
  readonly greeting: Greeting;
}

/** Left from an earlier connection may be as much; a guest that says more says nonsense. */
const LONGEST_GREETING = 256 * 1024;
/** The guest may not have seen yet that an earlier connection has ended; then another one is needed. */
const GREETING_MS = 1_000;
const PAUSE_MS = 100;

/**
 * Connects to the guest's serial port and waits for its greeting.
 * @param patient Wait on one connection for a guest that boots, rather than try again.
 */
export async function openChannel(path: string, patient: boolean, signal: AbortSignal): Promise<Channel> {
  for (;;) {
    signal.throwIfAborted();
    const attempt = patient ? signal : AbortSignal.any([signal, AbortSignal.timeout(GREETING_MS)]);
    try {
      return await greeted(path, attempt);
    } catch (error) {
      if (patient || !(attempt.aborted || isBusy(error))) throw error;
      await sleep(PAUSE_MS, signal);
    }
  }
}

/** QEMU takes one client at a time, and has not let go of those before yet. */
const isBusy = (error: unknown): boolean =>
  error instanceof RuntimeError && errnoCode(error.cause) === 'EAGAIN';

async function greeted(path: string, signal: AbortSignal): Promise<Channel> {
  const stream = connect(path);
  const { promise, resolve, reject } = Promise.withResolvers<Greeting>();
  let text = '';
  const fail = (cause?: unknown): void =>
    reject(new RuntimeError('Unavailable', `no guest answers behind ${path}`, { cause }));
  const read = (bytes: Buffer): void => {
    text += bytes.toString('latin1');
    const found = /\nguest (new|ready)\n$/.exec(text)?.[1];
    if (found !== undefined) resolve(found as Greeting);
    else if (text.length > LONGEST_GREETING) fail(new Error('it says too much'));
  };
  stream.on('error', fail);
  stream.on('close', fail);
  stream.on('data', read);
  try {
    const greeting = await untilAborted(promise, signal);
    stream.pause();
    return { stream, greeting };
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    stream.off('data', read);
    stream.off('close', fail);
  }
}
