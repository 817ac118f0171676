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
/** Time until a guest that says nothing is asked, in ms. */
const ASK_AFTER_MS = 200;
/** A guest that never saw that an earlier connection ended gives this to the sshd of that one, which ends of it. */
const QUESTION = 'greet\n';
const PAUSE_MS = 100;

/**
 * Connects to the guest's serial port and waits for its greeting.
 * @param isBooting Its greeting is still to come; else it may have got lost with an earlier connection, and is
 * asked for again and again.
 */
export async function openChannel(path: string, isBooting: boolean, signal: AbortSignal): Promise<Channel> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await greeted(path, isBooting, signal);
    } catch (error) {
      if (!isBusy(error)) throw error;
      await sleep(PAUSE_MS, signal);
    }
  }
}

/** QEMU takes one client at a time, and has not let go of those before yet. */
const isBusy = (error: unknown): boolean =>
  error instanceof RuntimeError && errnoCode(error.cause) === 'EAGAIN';

async function greeted(path: string, isBooting: boolean, signal: AbortSignal): Promise<Channel> {
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
  const asking = isBooting ? undefined : setInterval(() => stream.write(QUESTION), ASK_AFTER_MS);
  try {
    const greeting = await untilAborted(promise, signal);
    stream.pause();
    return { stream, greeting };
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    clearInterval(asking);
    stream.off('data', read);
    stream.off('close', fail);
  }
}
