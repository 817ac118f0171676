import type { Readable, Writable } from 'node:stream';

/** How long an output may be silent after the process ended, while a child of it holds it open; in ms. */
const SILENCE_MS = 500;

/**
 * Carries a process's output to a client, no faster than the client takes it. When the client wants no
 * more of it, or never did, the rest is read and dropped, so that the process is not stuck.
 */
export class OutputPump {
  readonly #source: Readable | undefined;
  readonly #ended = Promise.withResolvers<void>();
  #lastData = performance.now();
  #waitsForClient = false;

  constructor(source: Readable | undefined, client: Writable | undefined) {
    this.#source = source;
    if (source === undefined) {
      this.#ended.resolve();
      return;
    }
    source.on('data', (chunk: Buffer) => this.#carry(chunk, client));
    for (const event of ['end', 'close']) source.once(event, () => this.#ended.resolve());
    // A broken stream ends the output; the exit code tells the rest.
    source.on('error', () => this.#ended.resolve());
    for (const event of ['drain', 'close']) client?.on(event, () => this.#proceed());
  }

  /** Resolves when all output has been handed over: at its end, or when it is silent for a while. */
  async drained(): Promise<void> {
    const silence = Promise.withResolvers<void>();
    this.#lastData = performance.now();
    const timer = setInterval(() => {
      if (!this.#waitsForClient && performance.now() - this.#lastData > SILENCE_MS) silence.resolve();
    }, SILENCE_MS / 5);
    try {
      await Promise.race([this.#ended.promise, silence.promise]);
    } finally {
      clearInterval(timer);
    }
  }

  #carry(chunk: Buffer, client: Writable | undefined): void {
    this.#lastData = performance.now();
    if (client === undefined || !client.writable || client.write(chunk)) return;
    this.#waitsForClient = true;
    this.#source?.pause();
  }

  #proceed(): void {
    if (!this.#waitsForClient) return;
    this.#waitsForClient = false;
    this.#lastData = performance.now();
    this.#source?.resume();
  }
}
