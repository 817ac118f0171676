import type { Clock } from '../clock.ts';

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #ns: bigint;

  constructor(startNs = 1_700_000_000_000_000_000n) {
    this.#ns = startNs;
  }

  nowNs(): bigint {
    return this.#ns;
  }

  advance(ms: number): void {
    this.#ns += BigInt(ms) * 1_000_000n;
  }
}
