import type { ArmShares, Unit } from '@crihub/experiment';

/** A name that a RuntimeClass can give, behind which several handlers are compared. */
export interface Experiment {
  readonly name: string;
  /** By the names of handlers; the first one is what the others are compared with. */
  readonly shares: ArmShares;
  readonly unit: Unit;
  readonly salt: string;
  /** The handler of pods that take no part; the first arm that can take them if it is absent or can't. */
  readonly excludedTo?: string;
  /** False: no pod takes part. */
  readonly enabled: boolean;
}

export const isExperiment = (target: object): target is Experiment => 'shares' in target;
