/** What the page shows, from wherever it comes. */
export interface LiveView {
  /** The node at this moment. Plain JSON. */
  snapshot(): unknown;
  /** Says when it may have changed, until the signal aborts. */
  changes(signal: AbortSignal): AsyncIterable<void>;
}
