/** What a container changes of its image, for the hub to measure. */
export interface WritableLayer {
  /** Absolute path of the directory that takes the changes. */
  readonly directory: string;
  /** A lasting directory on the same filesystem: where the backend keeps all layers. */
  readonly store: string;
}
