import { RuntimeError } from '@crihub/kernel';
import type { CheckpointContainer } from '../../lifecycle/checkpoint-container.ts';
import { hostPath, integer, invalid } from '../parse/check.ts';
import type { CriHandlers } from '../server/index.ts';

export interface CheckpointMethodDeps {
  readonly checkpointContainer: CheckpointContainer;
}

type CheckpointMethods = Pick<CriHandlers['runtime'], 'CheckpointContainer' | 'CheckpointPod' | 'RestorePod'>;

const refuse = (what: string): (() => Promise<never>) => {
  return async () => {
    throw new RuntimeError('Unimplemented', `crihub can't ${what} yet`);
  };
};

/** The RPCs about checkpoints. */
export const checkpointMethods = ({ checkpointContainer }: CheckpointMethodDeps): CheckpointMethods => ({
  CheckpointContainer: async ({ containerId, location, timeout }, { signal }) => {
    const request = { location: hostPath(location, 'location'), timeoutMs: milliseconds(timeout) };
    await checkpointContainer.checkpoint(containerId, request, signal);
    return {};
  },
  CheckpointPod: refuse('checkpoint pods'),
  RestorePod: refuse('restore pods'),
});

function milliseconds(timeout: bigint): number | undefined {
  const seconds = integer(timeout, 'timeout');
  if (seconds < 0) throw invalid(`timeout is ${String(seconds)} s; it can't be negative`);
  return seconds === 0 ? undefined : seconds * 1_000;
}
