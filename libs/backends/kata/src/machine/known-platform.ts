import { SingleFlight } from '@crihub/kernel';
import { choosePlatform, type PlatformOptions } from './platform.ts';
import type { Platform } from './qemu-arguments.ts';

/** The platform, found out once; again after a failure, as when the guest was missing. */
export class KnownPlatform {
  readonly #options: PlatformOptions;
  readonly #asking = new SingleFlight<'platform', Platform>();
  #known: Platform | undefined;

  constructor(options: PlatformOptions) {
    this.#options = options;
  }

  /** Begins to find out: a trial of KVM may take seconds. What fails is told to whoever asks next. */
  begin(): void {
    this.get(new AbortController().signal).catch(() => undefined);
  }

  async get(signal: AbortSignal): Promise<Platform> {
    // One caller who leaves must not make the others start anew: the trial has a bound of its own.
    const own = new AbortController().signal;
    this.#known ??= await this.#asking.run(
      'platform',
      async () => choosePlatform(this.#options, own),
      signal,
    );
    return this.#known;
  }
}
