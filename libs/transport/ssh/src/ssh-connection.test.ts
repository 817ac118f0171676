import { duplexPair } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SshConnection } from './ssh-connection.ts';

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => void process.on('unhandledRejection', note));
afterEach(() => void process.off('unhandledRejection', note));

it('that can not begin fails once, and lets go of its stream', async () => {
  const [stream] = duplexPair();
  const options = { server: 'a guest', stream, username: 'root', privateKey: 'no key', hostKey: 'no key' };
  await expect(SshConnection.open(options, AbortSignal.timeout(5_000))).rejects.toThrow(/privateKey/);
  expect(stream.destroyed).toBe(true);
  await setImmediate();
  expect(unhandled).toEqual([]);
});
