import type { Phase } from '@crihub/contract';

/** A pod that came to an experiment. Times are in ms since 1970. */
export interface TrialPod {
  readonly pod: string;
  readonly at: number;
  /** Of the unit that it belongs to. */
  readonly unit: string;
  /** Absent: it was excluded before the draw, for these reasons. */
  readonly arm?: string;
  readonly exclusions: readonly Exclusion[];
}

/** An arm that could not have taken the pod. */
export interface Exclusion {
  readonly handler: string;
  /** One CamelCase word. */
  readonly reason: string;
}

/** One phase of one pod. */
export interface TrialMeasurement {
  readonly pod: string;
  readonly phase: Phase;
  readonly seconds: number;
  /** The kind of error that ended it; absent if it succeeded. */
  readonly failure?: string;
}

/** What one pod took of the host, at one moment. CPU time is that since the pod's start. */
export interface TrialFootprint {
  readonly pod: string;
  readonly at: number;
  /** Of what serves the pod: monitor, shim, its part of an engine, virtual machine. */
  readonly overheadMemoryBytes: number;
  readonly overheadCpuSeconds: number;
  /** Of the containers themselves. */
  readonly workloadMemoryBytes: number;
  readonly workloadCpuSeconds: number;
}

/** All that was recorded of one experiment. */
export interface TrialData {
  readonly experiment: string;
  /** The first one is what the others are compared with. */
  readonly arms: readonly string[];
  readonly pods: readonly TrialPod[];
  readonly measurements: readonly TrialMeasurement[];
  readonly footprints: readonly TrialFootprint[];
}
