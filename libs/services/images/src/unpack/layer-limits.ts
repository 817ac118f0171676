/** Bounds on what one layer may hold, against decompression bombs. */
export interface LayerLimits {
  /** Bytes of the uncompressed archive. */
  readonly maxLayerBytes: number;
  /** Members of the archive. */
  readonly maxLayerEntries: number;
}

export const DEFAULT_LAYER_LIMITS: LayerLimits = {
  maxLayerBytes: 64 * 1024 ** 3,
  maxLayerEntries: 2_000_000,
};
