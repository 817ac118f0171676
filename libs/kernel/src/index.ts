export { BoundedQueue } from './bounded-queue.ts';
export { buffersSpent } from './buffer-garbage.ts';
export { type Clock, systemClock } from './clock.ts';
export { sleep, withDeadline } from './deadline.ts';
export {
  describeError,
  ERROR_KINDS,
  errnoCode,
  type ErrorDetails,
  type ErrorKind,
  isRuntimeError,
  kindOf,
  reasonOf,
  RuntimeError,
} from './errors.ts';
export {
  type ContainerId,
  isFullId,
  newContainerId,
  newSandboxId,
  parseContainerId,
  parseSandboxId,
  type SandboxId,
  shortId,
} from './ids.ts';
export { KeyedMutex, untilAborted } from './keyed-mutex.ts';
export { type LogFields, type Logger, silentLogger } from './logger.ts';
export { Semaphore } from './semaphore.ts';
export { settleAll } from './settle-all.ts';
export { SingleFlight } from './single-flight.ts';
export {
  type CallOutcome,
  type MeasuredPhase,
  measuredPhases,
  type TracedCall,
  tracedCalls,
  type TracedPhase,
  tracedPhases,
  type TracedProcess,
  tracedProcesses,
} from './tracing.ts';
export { describeFailedUndos, type FailedUndo, Unwind, type UnwindOptions } from './unwind.ts';
export { untilWritable } from './until-writable.ts';
