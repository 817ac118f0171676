/** What a handler knows of the call it answers. */
export interface CallContext {
  /**
   * Aborts with a `RuntimeError`: `Cancelled` when the client gave up, `DeadlineExceeded` when its time
   * was over, `Unavailable` when the server shuts down.
   */
  readonly signal: AbortSignal;
  /** Time that the client gave the call, in ms from its arrival; absent if it set no deadline. */
  readonly deadlineMs?: number;
  /** `RunPodSandbox` */
  readonly method: string;
}
