import { describeError, type Logger } from '@crihub/kernel';
import { sendDatagram } from '@crihub/linux';

/** What systemd tells a service by its environment (sd_notify(3), sd_watchdog_enabled(3)). */
export interface NotifyEnvironment {
  readonly NOTIFY_SOCKET?: string;
  readonly WATCHDOG_USEC?: string;
  readonly WATCHDOG_PID?: string;
}

/** Tells systemd how the daemon is: by a datagram of its own each time, without a process. Silent without systemd. */
export class ServiceManager implements Disposable {
  readonly #socket: string | undefined;
  readonly #watchdogMs: number | undefined;
  readonly #logger: Logger;
  #beats: NodeJS.Timeout | undefined;
  #failing = false;

  constructor(environment: NotifyEnvironment, deps: { readonly logger: Logger }) {
    this.#socket = environment.NOTIFY_SOCKET || undefined;
    this.#watchdogMs = watchdogMs(environment);
    this.#logger = deps.logger;
  }

  /** It serves. From now on the watchdog gets a sign of life twice in its time, for as long as the event loop turns. */
  ready(status: string): void {
    this.#send(`READY=1\nSTATUS=${status}`);
    if (this.#socket === undefined || this.#watchdogMs === undefined) return;
    this.#beats = setInterval(() => this.#send('WATCHDOG=1'), this.#watchdogMs / 2);
    this.#beats.unref();
  }

  stopping(): void {
    this.#send('STOPPING=1\nSTATUS=finishing the calls that run; pods run on');
  }

  [Symbol.dispose](): void {
    clearInterval(this.#beats);
  }

  #send(text: string): void {
    if (this.#socket === undefined) return;
    try {
      sendDatagram(this.#socket, text);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#logger.warn('systemd can not be told', { error: describeError(error) });
      this.#failing = true;
    }
  }
}

/** The watchdog's time, if there is one and it is this process that it watches. */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: NotifyEnvironment): number | undefined {
  const ours = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
  const ms = Number(WATCHDOG_USEC) / 1000;
  return ours && ms > 0 ? ms : undefined;
}
