import { channel, tracingChannel } from 'node:diagnostics_channel';

/*
 * Where the daemon says what it is doing, for whoever traces it. Publishing costs a property look-up while
 * nobody subscribes, and no caller has to be handed a tracer.
 */

/** An RPC of a client. */
export interface TracedCall {
  /** `RunPodSandbox` */
  readonly method: string;
  /** The caller's place in a trace (W3C Trace Context), if it sent one. */
  readonly traceparent: string | undefined;
}

/** What a traced call came to. */
export interface CallOutcome {
  readonly code: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A phase in the life of a pod. */
export interface TracedPhase {
  readonly phase: string;
  readonly handler: string;
  readonly pod: string;
  readonly container?: string | undefined;
}

/** A phase that somebody else measured, told when it has ended. */
export interface MeasuredPhase extends TracedPhase {
  readonly seconds: number;
}

/** A child process. Its arguments are not told: they may hold secrets. */
export interface TracedProcess {
  /** Name or path. */
  readonly program: string;
}

export const tracedCalls = tracingChannel<unknown, TracedCall>('crihub.call');
export const tracedPhases = tracingChannel<unknown, TracedPhase>('crihub.phase');
export const tracedProcesses = tracingChannel<unknown, TracedProcess>('crihub.process');
export const measuredPhases = channel('crihub.phase.measured');
