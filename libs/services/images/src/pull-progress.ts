import type { Descriptor } from './manifest.ts';

/** How far a pull is. Layers that were there already count as fetched. */
export interface PullProgress {
  /** The canonical reference. */
  readonly reference: string;
  readonly phase: 'resolving' | 'fetching' | 'done';
  readonly layers: number;
  readonly layersDone: number;
  /** Bytes of the layers as distributed. */
  readonly bytes: number;
  readonly bytesDone: number;
}

export type ProgressListener = (progress: PullProgress) => void;

const MIN_INTERVAL_MS = 100;

/** Adds up the layers of one pull and tells about it, not too often. */
export class ProgressMeter {
  readonly #reference: string;
  readonly #listener: ProgressListener;
  readonly #done = new Map<Descriptor, number>();
  #layers: readonly Descriptor[] = [];
  #lastReport = 0;

  constructor(reference: string, listener: ProgressListener) {
    this.#reference = reference;
    this.#listener = listener;
    this.#report('resolving');
  }

  start(layers: readonly Descriptor[]): void {
    this.#layers = layers;
    this.#report('fetching');
  }

  layer(layer: Descriptor, bytes: number): void {
    this.#done.set(layer, bytes);
    const now = performance.now();
    if (bytes < layer.size && now - this.#lastReport < MIN_INTERVAL_MS) return;
    this.#lastReport = now;
    this.#report('fetching');
  }

  finish(): void {
    for (const layer of this.#layers) this.#done.set(layer, layer.size);
    this.#report('done');
  }

  #report(phase: PullProgress['phase']): void {
    const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
    this.#listener({
      reference: this.#reference,
      phase,
      layers: this.#layers.length,
      layersDone: this.#layers.filter((layer) => this.#done.get(layer) === layer.size).length,
      bytes: sum(this.#layers.map(({ size }) => size)),
      bytesDone: sum(this.#done.values()),
    });
  }
}
