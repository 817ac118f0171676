import { constants } from 'node:os';
import { RuntimeError } from '@crihub/kernel';
import type { ClientChannel } from 'ssh2';

interface Internals {
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly _client: { readonly _protocol: { signal(channel: number, name: string): void } };
}

/** A channel of a connection, from the moment on at which it is open. */
export class SshChannel {
  readonly stream: ClientChannel;
  /** The exit code that the server told, or 128 + the signal's number; rejects if the channel ends without. */
  readonly exit: Promise<number>;
  readonly #letGo: () => void;

  /** @param letGo called when it is closed or killed, whichever comes first; perhaps twice. */
  constructor(stream: ClientChannel, lost: AbortSignal, letGo: () => void) {
    this.stream = stream;
    this.#letGo = letGo;
    stream.once('close', letGo);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.exit = promise;
    const cut = (): void => {
      lost.removeEventListener('abort', cut);
      reject(endedEarly(lost.reason));
    };
    stream.on('error', () => undefined); // readers and writers learn of it by the end of the stream
    stream.once('exit', (code: number | null, signalName?: string) => resolve(code ?? codeOf(signalName)));
    stream.once('close', cut);
    lost.addEventListener('abort', cut, { once: true });
    promise.catch(() => undefined); // for those who don't ask
  }

  /**
   * Asks for SIGKILL to the shell of its command, which OpenSSH refuses for root, and lets go of it: what must not
   * run on needs other means, such as a control group. Its place is free at once, though the server closes
   * the channel no sooner than the command ends: who hangs must not keep others from the server.
   */
  kill(): void {
    // `stream.signal()` does nothing once the input has ended, though the protocol allows it.
    const { outgoing, _client } = this.stream as unknown as Internals;
    if (outgoing.state === 'open' || outgoing.state === 'eof') _client._protocol.signal(outgoing.id, 'KILL');
    this.stream.close();
    this.stream.resume();
    this.stream.stderr.resume();
    this.#letGo();
  }
}

function codeOf(signalName: string | undefined): number {
  const number = (constants.signals as Readonly<Record<string, number>>)[signalName ?? ''];
  return number === undefined ? 255 : 128 + number;
}

const endedEarly = (cause: unknown): RuntimeError =>
  new RuntimeError('Unavailable', 'the SSH channel ended before it was told how its process did', {
    reason: 'SshUnreachable',
    cause,
  });
