import { Writable } from 'node:stream';
import type { AttachSpec, ExecSpec, ProcessOperations, ProcessSession } from '@crihub/contract';
import { type ContainerId, RuntimeError } from '@crihub/kernel';
import type { MemoryContainer } from './memory-container.ts';
import { type MemoryContainers, wrongState } from './memory-containers.ts';
import { canRun } from './script.ts';
import type { ScriptedProcess } from './scripted-process.ts';
import { type Instance, step } from './steps.ts';

export class MemoryProcesses implements ProcessOperations {
  readonly #instance: Instance;
  readonly #containers: Pick<MemoryContainers, 'find'>;

  constructor(instance: Instance, containers: Pick<MemoryContainers, 'find'>) {
    this.#instance = instance;
    this.#containers = containers;
  }

  async exec(id: ContainerId, exec: ExecSpec, signal: AbortSignal): Promise<ProcessSession> {
    await step(this.#instance, 'process.exec.begin', signal);
    const [container] = this.#running('exec', id);
    if (!canRun(exec.args)) {
      throw new RuntimeError('FailedPrecondition', `can't run "${exec.args.join(' ')}": no such program`, {
        operation: 'exec',
        id,
      });
    }
    const { process, output } = container.exec(exec);
    return {
      stdin: exec.stdin ? process.stdin : undefined,
      stdout: output.stdout,
      stderr: output.stderr,
      exit: process.ended.then(({ exitCode }) => ({ exitCode })),
      resize: async (size) => {
        if (exec.terminal) process.resize(size);
      },
      kill: async () => {
        container.killTree(process);
        await process.ended;
      },
    };
  }

  async attach(id: ContainerId, attach: AttachSpec, signal: AbortSignal): Promise<ProcessSession> {
    await step(this.#instance, 'process.attach.begin', signal);
    const [container, init] = this.#running('attach', id);
    const { terminal, stdin } = container.spec.process;
    const output = container.attach({ ...attach, terminal });
    return {
      stdin: attach.stdin && stdin ? stdinOf(container, init) : undefined,
      stdout: output.stdout,
      stderr: output.stderr,
      exit: init.ended.then(({ exitCode }) => ({ exitCode })),
      resize: async (size) => {
        if (terminal) init.resize(size);
      },
      kill: async () => output.destroy(),
    };
  }

  #running(operation: string, id: ContainerId): [MemoryContainer, ScriptedProcess] {
    const container = this.#containers.find(operation, id);
    const { init } = container;
    if (container.state !== 'running' || init === undefined) {
      throw wrongState(operation, container, 'running');
    }
    return [container, init];
  }
}

/** A session's own end of a standard input that others may use after it. */
function stdinOf({ spec }: MemoryContainer, init: ScriptedProcess): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      if (init.running) init.stdin.write(chunk, (error) => callback(error ?? null));
      else callback(new RuntimeError('FailedPrecondition', `container ${spec.id} has ended`));
    },
    final: (callback) => {
      if (spec.process.stdinOnce) init.stdin.end();
      callback();
    },
  });
}
