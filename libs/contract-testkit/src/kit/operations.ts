import type { Backend, Sandbox } from '@crihub/contract';
import { createContainer, runContainer, runPod } from './pods.ts';
import type { Rig } from './rig.ts';
import { soon } from './waiting.ts';

/** A call that changes something, with what must be there before it. */
export interface Operation {
  readonly name: string;
  /** Makes the situation, and answers the call and the pod that it is about. */
  arrange(rig: Rig): Promise<{
    readonly sandbox: Sandbox;
    readonly call: (backend: Backend, signal: AbortSignal) => Promise<unknown>;
  }>;
  /** True if repeating it must succeed, whatever became of the first attempt. */
  readonly mustSucceedAgain: boolean;
}

const operations = (...list: readonly Operation[]): readonly Operation[] => list;

/** All of them. */
export const OPERATIONS = operations(
  {
    name: 'prepare',
    mustSucceedAgain: false,
    arrange: async (rig) => {
      const sandbox = await rig.makeSandbox();
      return { sandbox, call: (backend, signal) => backend.sandboxes.prepare(sandbox, signal) };
    },
  },
  {
    name: 'start of a pod',
    mustSucceedAgain: false,
    arrange: async (rig) => {
      const sandbox = await rig.makeSandbox();
      const prepared = await rig.backend.sandboxes.prepare(sandbox, soon());
      const network = await rig.attachNetwork?.(sandbox, prepared);
      return { sandbox, call: (backend, signal) => backend.sandboxes.start(sandbox, network, signal) };
    },
  },
  {
    name: 'create',
    mustSucceedAgain: false,
    arrange: async (rig) => {
      const sandbox = await runPod(rig);
      const container = await rig.makeContainer(sandbox, { process: { args: rig.commands.sleepForever } });
      return {
        sandbox,
        call: (backend, signal) => backend.containers.create(container, sandbox, signal),
      };
    },
  },
  {
    name: 'start of a container',
    mustSucceedAgain: false,
    arrange: async (rig) => {
      const sandbox = await runPod(rig);
      const container = await createContainer(rig, sandbox, rig.commands.sleepForever);
      return {
        sandbox,
        call: (backend, signal) => backend.containers.start(container.id, signal),
      };
    },
  },
  {
    name: 'kill',
    mustSucceedAgain: true,
    arrange: async (rig) => {
      const sandbox = await runPod(rig);
      const container = await runContainer(rig, sandbox, rig.commands.ignoreTerm);
      return {
        sandbox,
        call: (backend, signal) => backend.containers.signal(container.id, 'SIGKILL', 'all', signal),
      };
    },
  },
  {
    name: 'removal of a container',
    mustSucceedAgain: true,
    arrange: async (rig) => {
      const sandbox = await runPod(rig);
      const container = await runContainer(rig, sandbox, rig.commands.ignoreTerm);
      return {
        sandbox,
        call: (backend, signal) => backend.containers.remove(container.id, signal),
      };
    },
  },
  {
    name: 'stop of a pod',
    mustSucceedAgain: true,
    arrange: async (rig) => {
      const sandbox = await runPod(rig);
      await runContainer(rig, sandbox, rig.commands.ignoreTerm);
      return { sandbox, call: (backend, signal) => backend.sandboxes.stop(sandbox.id, signal) };
    },
  },
  {
    name: 'removal of a pod',
    mustSucceedAgain: true,
    arrange: async (rig) => {
      const sandbox = await runPod(rig);
      await runContainer(rig, sandbox, rig.commands.ignoreTerm);
      return { sandbox, call: (backend, signal) => backend.sandboxes.remove(sandbox.id, signal) };
    },
  },
);
