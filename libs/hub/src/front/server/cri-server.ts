import { Server, ServerCredentials } from '@grpc/grpc-js';
import { describeError, type Logger, RuntimeError, sleep } from '@crihub/kernel';
import { AdminService } from '@crihub/wire/admin';
import { ImageServiceService, RuntimeServiceService } from '@crihub/wire/cri';
import type { CallObserver } from './call-observer.ts';
import type { FindOrigin } from './call-origin.ts';
import { CallRunner } from './call-runner.ts';
import type { HubHandlers } from './handlers.ts';
import { RunningCalls } from './running-calls.ts';
import { addService } from './service.ts';
import { SocketClaim } from '@crihub/linux';

export interface CriServerOptions {
  /** Absolute path of the unix socket. */
  readonly socketPath: string;
  /** Permission bits of the socket; its owner alone (0600) by default. */
  readonly socketMode?: number;
}

export interface CriServerDependencies {
  readonly handlers: HubHandlers;
  readonly logger: Logger;
  readonly observer: CallObserver;
  /** Absent: calls are told by what they carry alone. */
  readonly originOf?: FindOrigin;
  /** The right to serve at the path, if the caller has it already; the caller then releases it, too. */
  readonly claim?: SocketClaim;
}

/** What the kubelet and containerd allow a message too. */
const MAX_RECEIVE_BYTES = 16 * 1024 * 1024;
const OWNER_ONLY = 0o600;
/** Time for calls that were aborted to send their status. */
const LAST_WORDS_MS = 250;

/** Serves both CRI services and the operator's on one unix socket. Serves once: after the end, make another. */
export class CriServer {
  readonly #options: CriServerOptions;
  readonly #logger: Logger;
  readonly #running = new RunningCalls();
  // Channelz must stay on, as it is by default: without it, forceShutdown() of grpc-js 1.14 ends no
  // connection.
  readonly #server = new Server({
    'grpc.max_receive_message_length': MAX_RECEIVE_BYTES,
  });
  readonly #forced = new AbortController();
  readonly #callersClaim: SocketClaim | undefined;
  #claim: SocketClaim | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    options: CriServerOptions,
    { handlers, logger, observer, originOf = () => ({}), claim }: CriServerDependencies,
  ) {
    this.#options = options;
    this.#logger = logger;
    this.#callersClaim = claim;
    const runner = new CallRunner({ running: this.#running, logger, observer, originOf });
    addService(this.#server, RuntimeServiceService, handlers.runtime, runner);
    addService(this.#server, ImageServiceService, handlers.image, runner);
    addService(this.#server, AdminService, handlers.admin, runner);
  }

  /**
   * Starts to serve. A socket that a dead server left behind is replaced.
   * @throws InvalidArgument for a path that is too long; FailedPrecondition if another server has it.
   */
  async listen(): Promise<void> {
    if (this.#claim !== undefined) throw new RuntimeError('FailedPrecondition', 'the server serves already');
    const claim = this.#callersClaim ?? (await SocketClaim.acquire(this.#options.socketPath));
    this.#claim = claim;
    try {
      await this.#bind(claim.stagedPath);
      await claim.publish(this.#options.socketMode ?? OWNER_ONLY);
    } catch (error) {
      this.#server.forceShutdown();
      this.#claim = undefined;
      if (this.#callersClaim === undefined) await claim.release();
      throw error;
    }
  }

  /**
   * Stops accepting calls, aborts streams, lets unary calls run on for the grace period, then aborts them
   * too.
   * @param graceMs in ms
   */
  async drain(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    await this.#closing;
  }

  /** Ends everything at once, also a drain under way. Handlers are told to stop and hardly waited for. */
  async forceClose(): Promise<void> {
    this.#forced.abort();
    await this.drain(0);
  }

  async #bind(path: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (cause) => {
      if (cause === null) resolve();
      else reject(new RuntimeError('FailedPrecondition', `can't listen on ${path}`, { cause }));
    });
    await promise;
  }

  async #close(graceMs: number): Promise<void> {
    const goingDown = new RuntimeError('Unavailable', 'crihub is shutting down');
    await this.#withdraw();
    this.#running.abort('stream', goingDown);
    const ended = Promise.all([this.#shutdown(), this.#running.idle()]);
    if (!(await endsWithin(graceMs, ended, this.#forced.signal))) {
      this.#logger.warn('calls cut short by the shutdown', { calls: this.#running.size });
      this.#running.abort('unary', goingDown);
      await endsWithin(LAST_WORDS_MS, ended);
      this.#server.forceShutdown();
    }
    if (this.#callersClaim === undefined) await this.#claim?.release();
  }

  // A socket file that can't be removed must not keep the calls from being ended.
  async #withdraw(): Promise<void> {
    try {
      await this.#claim?.withdraw();
    } catch (error) {
      this.#logger.warn('the socket is left behind', { error: describeError(error) });
    }
  }

  async #shutdown(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // An error would say that the server wasn't running, which is what is wanted.
    this.#server.tryShutdown(() => resolve());
    await promise;
  }
}

/** Whether it ended in time, and before the signal aborted. */
async function endsWithin(ms: number, ended: Promise<unknown>, signal?: AbortSignal): Promise<boolean> {
  const stop = new AbortController();
  const signals = signal === undefined ? [stop.signal] : [stop.signal, signal];
  const late = sleep(ms, AbortSignal.any(signals)).catch(() => undefined);
  try {
    return await Promise.race([ended.then(() => true), late.then(() => false)]);
  } finally {
    stop.abort();
  }
}
