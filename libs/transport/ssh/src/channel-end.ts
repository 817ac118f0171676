import { constants } from 'node:os';
import { RuntimeError } from '@crihub/kernel';
import type { ClientChannel } from 'ssh2';

/** The exit code that the server told, or 128 + the signal's number; rejects if the channel ended without. */
export function exitOf(channel: ClientChannel, lost: AbortSignal): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  channel.once('exit', (code: number | null, signalName?: string) => resolve(code ?? codeOf(signalName)));
  const cut = (): void =>
    reject(
      new RuntimeError('Unavailable', 'the SSH channel ended before it was told how its process did', {
        reason: 'SshUnreachable',
        cause: lost.reason,
      }),
    );
  channel.once('close', cut);
  lost.addEventListener('abort', cut, { once: true });
  promise.catch(() => undefined); // for those who don't ask
  return promise;
}

function codeOf(signalName: string | undefined): number {
  const number = (constants.signals as Readonly<Record<string, number>>)[signalName ?? ''];
  return number === undefined ? 255 : 128 + number;
}

interface Internals {
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly _client: { readonly _protocol: { signal(channel: number, name: string): void } };
}

/**
 * SIGKILL to the shell of the channel's command, and lets go of the channel. What the shell has started is not
 * in the server's hands.
 */
export function killChannel(channel: ClientChannel): void {
  // `channel.signal()` does nothing once the input has ended, though the protocol allows it.
  const { outgoing, _client } = channel as unknown as Internals;
  if (outgoing.state === 'open' || outgoing.state === 'eof') _client._protocol.signal(outgoing.id, 'KILL');
  channel.close();
  channel.resume();
  channel.stderr.resume();
}
