import type { BackendPhase, BackendPhases, Phase } from '@crihub/contract';
import {
  type ContainerId,
  type ErrorKind,
  kindOf,
  measuredPhases,
  type SandboxId,
  tracedPhases,
} from '@crihub/kernel';

/** Whose time is measured. */
export interface PhaseSubject {
  readonly handler: string;
  readonly pod: SandboxId;
  readonly container?: ContainerId;
  /** The experiment that gave the pod its handler, which then is the pod's arm. */
  readonly experiment?: string;
}

/** One phase of one pod, ended. */
export interface PhaseMeasurement extends PhaseSubject {
  readonly phase: Phase;
  readonly seconds: number;
  /** Of the error that ended it; absent if it succeeded. */
  readonly failure?: ErrorKind;
}

/** Receives what was measured; implemented by the metrics and the journal of measurements. */
export interface PhaseObserver {
  observe(measurement: PhaseMeasurement): void;
}

/** Runs one phase and tells how long it took and how it ended. */
export async function timed<T>(
  observer: PhaseObserver,
  subject: PhaseSubject,
  phase: Phase,
  work: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  const measured = (): PhaseMeasurement => ({
    ...subject,
    phase,
    seconds: (performance.now() - start) / 1000,
  });
  try {
    const result = await tracedPhases.tracePromise(work, { ...subject, phase });
    observer.observe(measured());
    return result;
  } catch (error) {
    observer.observe({ ...measured(), failure: kindOf(error) });
    throw error;
  }
}

/** Tells the parts of a call that the backend measured itself. */
export function reportPhases(
  observer: PhaseObserver,
  subject: PhaseSubject,
  phases: BackendPhases = {},
): void {
  for (const [phase, seconds] of Object.entries(phases)) {
    observer.observe({ ...subject, phase: phase as BackendPhase, seconds });
    measuredPhases.publish({ ...subject, phase, seconds });
  }
}
