import { describeError, type Logger, untilAborted } from '@crihub/kernel';

/** The kubelet's NetworkReady condition. */
export type NetworkStatus =
  { readonly ready: true } | { readonly ready: false; readonly reason: string; readonly message: string };

/** What a probe found: `missing` counts at once, `failing` only after the grace. */
export type ProbeResult =
  { readonly state: 'ready' } | { readonly state: 'missing' | 'failing'; readonly message: string };

export interface NetworkStatusOptions {
  readonly intervalMs?: number;
  /** A network that was ready stays so until its probes have failed for this long, in ms. */
  readonly graceMs?: number;
}

export interface NetworkStatusDependencies {
  readonly probe: (signal: AbortSignal) => Promise<ProbeResult>;
  readonly logger: Logger;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
}

// The reason that the kubelet knows from containerd and CRI-O.
const NOT_READY = 'NetworkPluginNotReady';

/** Asks in the background whether the network is ready, and answers from memory. */
export class NetworkStatusMonitor {
  readonly #intervalMs: number;
  readonly #graceMs: number;
  readonly #probe: (signal: AbortSignal) => Promise<ProbeResult>;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  #current: NetworkStatus = {
    ready: false,
    reason: NOT_READY,
    message: 'the network has not been asked yet',
  };
  #failingSince: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;

  constructor(options: NetworkStatusOptions, { probe, logger, now }: NetworkStatusDependencies) {
    this.#intervalMs = options.intervalMs ?? 5_000;
    this.#graceMs = options.graceMs ?? 30_000;
    this.#probe = probe;
    this.#logger = logger;
    this.#now = now ?? ((): number => performance.now());
  }

  get current(): NetworkStatus {
    return this.#current;
  }

  /** Asks now and from then on regularly; resolves after the first answer. */
  async start(signal?: AbortSignal): Promise<void> {
    await untilAborted(this.refresh(), signal);
  }

  /** Asks now; a question that is under way is joined. */
  async refresh(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
      this.#schedule();
    });
    await this.#asking;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#asking;
  }

  async #ask(): Promise<void> {
    let found: ProbeResult;
    try {
      found = await this.#probe(this.#closing.signal);
    } catch (error) {
      found = { state: 'failing', message: describeError(error) };
    }
    if (!this.#closing.signal.aborted) this.#accept(found);
  }

  #accept(found: ProbeResult): void {
    if (found.state === 'ready') {
      this.#failingSince = undefined;
      this.#change({ ready: true });
      return;
    }
    this.#failingSince ??= this.#now();
    const tolerated = found.state === 'failing' && this.#now() - this.#failingSince < this.#graceMs;
    if (this.#current.ready && tolerated) return;
    this.#change({ ready: false, reason: NOT_READY, message: found.message });
  }

  #change(next: NetworkStatus): void {
    if (next.ready !== this.#current.ready) {
      const message = next.ready ? 'network is ready' : 'network is not ready';
      this.#logger.info(message, next.ready ? {} : { why: next.message });
    }
    this.#current = next;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => void this.refresh(), this.#intervalMs);
    this.#timer.unref();
  }
}
