import type { Duplex } from 'node:stream';
import { Semaphore, untilAborted } from '@crihub/kernel';
import ssh2 from 'ssh2';
import { runCommand, type SshRunOptions } from './run-command.ts';
import { SshChannel } from './ssh-channel.ts';
import { unreachable } from './ssh-failure.ts';
import { type SshProcess, type SshSpawnOptions, startCommand } from './start-command.ts';
import type { RunResult } from '../../process/src/run.ts';

export interface SshConnectionOptions {
  /** For messages: `the guest of pod 0123456789ab`. */
  readonly server: string;
  /** Bytes to and from the server's sshd. The connection owns it from now on. */
  readonly stream: Duplex;
  readonly username: string;
  /** In OpenSSH's format. */
  readonly privateKey: string;
  /** The only host key that is accepted, as a line of `authorized_keys`. */
  readonly hostKey: string;
  /** Channels open at once; more wait for a place. */
  readonly maxChannels?: number;
  /** Time between two signs of life that are asked for, in ms; six without an answer end the connection. */
  readonly keepaliveMs?: number;
}

const DEFAULT_CHANNELS = 100;
const DEFAULT_KEEPALIVE_MS = 5_000;
const UNANSWERED_KEEPALIVES = 6;

/**
 * One SSH connection over a stream: commands, processes and TCP connections on the server, each a channel of
 * its own. A lost connection fails all of them as Unavailable, and is not made anew.
 */
export class SshConnection {
  readonly #server: string;
  readonly #client: ssh2.Client;
  readonly #stream: Duplex;
  readonly #places: Semaphore;
  readonly #lost = new AbortController();
  /** Resolves with the reason when the connection is over, closed or lost. */
  readonly closed: Promise<Error>;

  private constructor({ server, stream, maxChannels = DEFAULT_CHANNELS }: SshConnectionOptions) {
    this.#server = server;
    this.#stream = stream;
    this.#client = new ssh2.Client();
    this.#places = new Semaphore(maxChannels);
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.closed = promise;
    let cause: unknown;
    const lose = (): void => {
      this.#lost.abort(unreachable(server, 'is no longer connected', cause));
      resolve(this.#lost.signal.reason as Error);
    };
    this.#client.on('error', (error) => {
      cause ??= error;
      stream.destroy();
    });
    this.#client.once('close', lose);
    stream.once('error', (error) => (cause ??= error));
    stream.once('close', lose);
  }

  /** Shakes hands and logs in. @throws Unavailable, or the signal's reason; the stream is then destroyed. */
  static async open(options: SshConnectionOptions, signal: AbortSignal): Promise<SshConnection> {
    const connection = new SshConnection(options);
    try {
      await untilAborted(connection.#login(options), signal);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return !this.#lost.signal.aborted;
  }

  /** Runs a shell command to its end; as `run` of the process transport. On abort and timeout it is let go. */
  async run(command: string, options: SshRunOptions = {}): Promise<RunResult> {
    return await runCommand(command, options, (signal) =>
      this.#channel((callback) => this.#client.exec(command, {}, callback), signal),
    );
  }

  /** Starts a shell command whose streams stay in our hands. The signal governs the start alone. */
  async spawn(command: string, options: SshSpawnOptions, signal: AbortSignal): Promise<SshProcess> {
    const { terminal } = options;
    const settings =
      terminal === undefined ? {} : { pty: { cols: terminal.width, rows: terminal.height, term: 'xterm' } };
    const channel = await this.#channel((callback) => this.#client.exec(command, settings, callback), signal);
    return startCommand(channel, options);
  }

  /** Connects to a port as seen from the server. @throws Unavailable if nothing listens there. */
  async connectTcp(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const { stream } = await this.#channel(
      (callback) => this.#client.forwardOut('127.0.0.1', 0, host, port, callback),
      signal,
    );
    return stream;
  }

  /** Ends the connection with all that is on it; resolves when the stream is closed. Repeatable. */
  async close(): Promise<void> {
    this.#client.destroy();
    this.#stream.destroy();
    await this.closed;
  }

  async #login({ stream, username, privateKey, hostKey, keepaliveMs }: SshConnectionOptions): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#client.once('ready', resolve);
    this.#client.connect({
      sock: stream,
      username,
      privateKey,
      hostVerifier: (key: Buffer) => key.toString('base64') === hostKey.split(' ')[1],
      // Whoever opens has a deadline of their own.
      readyTimeout: 0,
      keepaliveInterval: keepaliveMs ?? DEFAULT_KEEPALIVE_MS,
      keepaliveCountMax: UNANSWERED_KEEPALIVES,
      algorithms: { serverHostKey: ['ssh-ed25519'] },
    });
    // Not before the above, which may throw: nobody would wait then.
    void this.closed.then(reject);
    await promise;
  }

  /** Opens a channel that holds a place until it is closed or killed. */
  async #channel(
    open: (callback: (error: Error | undefined, channel: ssh2.ClientChannel) => void) => void,
    signal: AbortSignal,
  ): Promise<SshChannel> {
    const either = AbortSignal.any([signal, this.#lost.signal]);
    const place = await this.#places.acquire(either);
    const opening = this.#opened(open, place);
    try {
      return await untilAborted(opening, either);
    } catch (error) {
      // Whoever gave up does not want what may still come.
      opening.then(
        ({ stream }) => stream.destroy(),
        () => undefined,
      );
      throw error;
    }
  }

  async #opened(
    open: (callback: (error: Error | undefined, channel: ssh2.ClientChannel) => void) => void,
    place: Disposable,
  ): Promise<SshChannel> {
    const { promise, resolve, reject } = Promise.withResolvers<SshChannel>();
    const fail = (error: unknown): void => {
      place[Symbol.dispose]();
      reject(unreachable(this.#server, 'refused a channel', error));
    };
    this.#lost.signal.addEventListener('abort', () => fail(this.#lost.signal.reason), { once: true });
    try {
      open((error, channel) => {
        if (error !== undefined) fail(error);
        // At once: the same packet may bring the exit code.
        else resolve(new SshChannel(channel, this.#lost.signal, () => place[Symbol.dispose]()));
      });
    } catch (error) {
      fail(error);
    }
    return await promise;
  }
}
