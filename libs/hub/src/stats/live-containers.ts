import type { ContainerRecord } from '../records/container-record.ts';

/** Containers that may have processes, hence figures. */
export const isLive = ({ phase }: Pick<ContainerRecord, 'phase'>): boolean =>
  phase === 'created' || phase === 'running' || phase === 'unknown';
