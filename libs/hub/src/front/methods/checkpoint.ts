import { RuntimeError } from '@crihub/kernel';
import type { CriHandlers } from '../server/index.ts';

type CheckpointMethods = Pick<CriHandlers['runtime'], 'CheckpointContainer' | 'CheckpointPod' | 'RestorePod'>;

const refuse = (what: string): (() => Promise<never>) => {
  return async () => {
    throw new RuntimeError('Unimplemented', `crihub can't ${what} yet`);
  };
};

/** The RPCs about checkpoints: refused, each with its sentence. */
export const checkpointMethods: CheckpointMethods = {
  CheckpointContainer: refuse('checkpoint containers'),
  CheckpointPod: refuse('checkpoint pods'),
  RestorePod: refuse('restore pods'),
};
