import { KeyedMutex, type SandboxId } from '@crihub/kernel';

/**
 * Making and deleting tasks, one at a time in each pod: the shim that they share ends with the last of them, and
 * containerd fails to make another one in a shim that is ending.
 */
export class ShimTurns extends KeyedMutex<SandboxId> {}
