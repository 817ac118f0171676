/** A handler that did not take a pod, and why. */
export interface Refusal {
  readonly handler: string;
  readonly reason: 'Unhealthy' | 'Drained' | 'Unsupported' | 'Stopped' | 'WeakerIsolation';
  readonly message: string;
}

/** Why a pod is on its handler. Decided once, before anything of the pod exists, and never changed. */
export type Placement =
  /** It was asked for, or it stands in for those that refused. */
  | { readonly by: 'request'; readonly refusals: readonly Refusal[] }
  /** An experiment drew it as the arm of the pod's unit. */
  | { readonly by: 'draw'; readonly experiment: string; readonly unit: string; readonly key: string }
  /** An experiment could not give the pod to every arm, so it takes no part. */
  | { readonly by: 'exclusion'; readonly experiment: string; readonly refusals: readonly Refusal[] };
