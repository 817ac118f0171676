import { RuntimeError } from '@crihub/kernel';
import type { CriHandlers } from '../server/index.ts';

type UnimplementedMethods = Pick<
  CriHandlers['runtime'],
  'Exec' | 'Attach' | 'PortForward' | 'CheckpointContainer' | 'CheckpointPod' | 'RestorePod'
>;

const refuse = (what: string): (() => Promise<never>) => {
  return async () => {
    throw new RuntimeError('Unimplemented', `crihub can't ${what} yet`);
  };
};

/** The RPCs that are refused, each with its sentence. */
export const unimplementedMethods: UnimplementedMethods = {
  Exec: refuse('stream exec sessions; ExecSync works'),
  Attach: refuse('stream attach sessions'),
  PortForward: refuse('forward ports'),
  CheckpointContainer: refuse('checkpoint containers'),
  CheckpointPod: refuse('checkpoint pods'),
  RestorePod: refuse('restore pods'),
};
