import type { ContainerId } from '@crihub/kernel';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import type { PhaseSubject } from './phases.ts';

/** Whose time it is that is spent on a pod, or on one container of it. */
export const phaseSubject = (
  { id, handler, placement }: Pick<SandboxRecord, 'id' | 'handler' | 'placement'>,
  container?: ContainerId,
): PhaseSubject => ({
  handler,
  pod: id,
  ...(container === undefined ? {} : { container }),
  ...(placement?.by === 'draw' ? { experiment: placement.experiment } : {}),
});
