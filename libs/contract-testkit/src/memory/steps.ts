import { setImmediate as nextTurn } from 'node:timers/promises';
import { RuntimeError } from '@crihub/kernel';
import type { Failpoints } from '../failpoints/failpoints.ts';
import type { MemoryNode } from './memory-node.ts';

/** What all operations of one backend instance share. */
export interface Instance {
  readonly node: MemoryNode;
  readonly failpoints: Failpoints;
}

/** The place between two acts of an operation: here it may be aborted, fail, or its daemon die. */
export async function step(instance: Instance, point: string, signal?: AbortSignal): Promise<void> {
  await nextTurn();
  await instance.failpoints.hit(`memory.${point}`, signal);
  signal?.throwIfAborted();
  const { outage } = instance.node;
  if (outage !== undefined) {
    throw new RuntimeError('Unavailable', outage.message, { operation: point, reason: outage.reason });
  }
}
