import type { ContainerExit } from '@crihub/contract';
import type { ContainerId, SandboxId } from '@crihub/kernel';
import type { OciProcess } from '@crihub/service-oci';
import { z } from 'zod';
import type { ContainerOutput } from '../io/container-output.ts';

/** What is known of a container beside containerd's own records, for as long as this boot lasts. */
export const localState = z.object({
  sandboxId: z.string().transform((id) => id as SandboxId),
  cgroup: z.string(),
  /** Its first process; absent until it is created. */
  pid: z.number().int().positive().optional(),
  logPath: z.string(),
  terminal: z.boolean(),
  stdin: z.boolean(),
  stdinOnce: z.boolean(),
  /** Nanoseconds since 1970; absent until its program was let go. */
  startedAt: z.string().regex(/^\d+$/).optional(),
  /** What it changes of its image, where a snapshotter keeps that apart. */
  writableLayer: z.object({ directory: z.string(), store: z.string() }).optional(),
  /** Its program can't be run, which the runtime found out while creating it. */
  unrunnable: z.object({ message: z.string(), failedAt: z.string().regex(/^\d+$/) }).optional(),
});
export type LocalState = z.infer<typeof localState>;

/** A container whose streams are in our hands. */
export class LocalContainer {
  readonly id: ContainerId;
  /** Resolves when its first process has ended. */
  readonly exited: Promise<ContainerExit>;
  state: LocalState;
  /** Its program was let go, or is about to be. */
  released: boolean;
  /** How its first process runs, which further ones take over; absent if an earlier daemon made it. */
  process: OciProcess | undefined;
  /** Its task is gone, after its end. */
  hasNoTask = false;
  /** What becomes of it is not worth keeping any more. */
  isBeingRemoved = false;
  /** Absent once the container has ended and all is written. */
  output: ContainerOutput | undefined;
  #exit: ContainerExit | undefined;
  #resolve: (exit: ContainerExit) => void;

  constructor(id: ContainerId, state: LocalState) {
    this.id = id;
    this.state = state;
    this.released = state.startedAt !== undefined;
    const { promise, resolve } = Promise.withResolvers<ContainerExit>();
    this.exited = promise;
    this.#resolve = resolve;
  }

  get exit(): ContainerExit | undefined {
    return this.#exit;
  }

  /** The first answer counts. */
  ended(exit: ContainerExit): void {
    this.#exit ??= exit;
    this.#resolve(this.#exit);
  }
}
