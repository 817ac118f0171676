import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttachSpec, ExecSpec, ProcessOperations, ProcessSession } from '@crihub/contract';
import {
  type ContainerId,
  describeError,
  kindOf,
  type Logger,
  RuntimeError,
  untilAborted,
} from '@crihub/kernel';
import type { Cgroups } from '@crihub/linux';
import { execProcess, type OciProcess, type OciSpec } from '@crihub/service-oci';
import { notFound, wrongState } from '@crihub/service-sandbox';
import { jsonAny, OCI_TYPES, parseJsonAny } from '../api/any.ts';
import type { ContainerStore } from '../api/container-store.ts';
import type { TaskService, TaskStreams } from '../api/task-service.ts';
import type { LocalContainer } from '../container/local-container.ts';
import type { LocalContainers } from '../container/local-containers.ts';
import { streamPaths } from '../io/container-output.ts';
import type { Layout } from '../layout.ts';
import { AttachSession } from './attach-session.ts';
import { ExecMarks, markLimit } from './exec-mark.ts';
import { ExecSession } from './exec-session.ts';
import { makeFifo } from '../io/fifo.ts';
import { FifoOutput, openFifoInput } from './fifo-streams.ts';

export interface ContainerdProcessesDependencies {
  readonly layout: Layout;
  readonly local: LocalContainers;
  readonly store: ContainerStore;
  readonly tasks: TaskService;
  readonly cgroups: Pick<Cgroups, 'processes'>;
  readonly logger: Logger;
}

/** Further processes of containers, and the streams of their first ones. */
export class ContainerdProcesses implements ProcessOperations {
  readonly #dependencies: ContainerdProcessesDependencies;
  readonly #marks = new ExecMarks();
  readonly #open = new Set<Promise<void>>();

  constructor(dependencies: ContainerdProcessesDependencies) {
    this.#dependencies = dependencies;
  }

  async exec(id: ContainerId, exec: ExecSpec, signal: AbortSignal): Promise<ProcessSession> {
    signal.throwIfAborted();
    const container = this.#running('exec in', id);
    const starting = this.#start(container, exec);
    try {
      return await untilAborted(starting, signal);
    } catch (error) {
      // A process that starts after its caller has left is nobody's.
      void starting.then((session) => session.kill()).catch(() => undefined);
      throw error;
    }
  }

  async attach(id: ContainerId, attach: AttachSpec, signal: AbortSignal): Promise<ProcessSession> {
    signal.throwIfAborted();
    const container = this.#running('attach to', id);
    const { tasks, local } = this.#dependencies;
    return await AttachSession.open(container, attach, {
      tasks,
      streams: local.streams(id, container.state),
    });
  }

  /** Lets go of all sessions. What they started runs on, as far as it can without us. */
  async close(): Promise<void> {
    await Promise.race([Promise.all(this.#open), new Promise((resolve) => setTimeout(resolve, CLOSE_MS))]);
  }

  #running(operation: string, id: ContainerId): LocalContainer {
    const container = this.#dependencies.local.get(id);
    if (container === undefined) throw notFound(operation, 'container', id);
    const state = container.exit !== undefined ? 'exited' : container.released ? 'running' : 'created';
    if (state !== 'running') throw wrongState(operation, 'container', id, state, 'running');
    return container;
  }

  async #start(container: LocalContainer, exec: ExecSpec): Promise<ExecSession> {
    const { layout, tasks } = this.#dependencies;
    const mark = this.#marks.next();
    const execId = `exec-${mark.toString(36)}`;
    const streams = streamPaths(join(layout.container(container.id), execId), exec);
    const process = await this.#firstProcess(container);
    const first = { ...process, rlimits: [...(process.rlimits ?? []).filter(isOther), markLimit(mark)] };
    const spec = jsonAny(OCI_TYPES.process, execProcess(first, exec));
    // containerd opens the FIFOs when it starts the process.
    const adding = tasks.addProcess(container.id, execId, { spec, streams });
    const [opened] = await Promise.allSettled([openOutputs(streams), adding]);
    try {
      if (opened.status === 'rejected') throw opened.reason;
      await adding;
      return await this.#run({ container, execId, mark, streams, ...opened.value });
    } catch (error) {
      if (opened.status === 'fulfilled') await closeOutputs(opened.value);
      await tasks.deleteProcess(container.id, execId).catch(() => undefined); // it was not added, or it never ran
      this.#track(removeStreams(streams));
      throw execFailure(container.id, error);
    }
  }

  async #run(begun: Begun): Promise<ExecSession> {
    const { tasks, cgroups, logger } = this.#dependencies;
    const { container, execId, mark, streams, stdout, stderr } = begun;
    const { id, state } = container;
    const failed = new AbortController();
    const starting = tasks.start(id, execId);
    const ended = this.#endOf(container, execId, failed.signal);
    try {
      await starting;
      const stdin =
        streams.stdin === ''
          ? undefined
          : await openFifoInput(streams.stdin, () => tasks.closeStdin(id, execId));
      const session = new ExecSession(
        { containerId: id, execId, cgroup: state.cgroup, mark, stdin, stdout, stderr, ended },
        { tasks, cgroups, logger },
      );
      this.#track(session.putAway().then(() => removeStreams(streams)));
      return session;
    } catch (error) {
      failed.abort();
      throw error;
    }
  }

  #track(work: Promise<void>): void {
    this.#open.add(work);
    void work.then(() => this.#open.delete(work));
  }

  /** Never rejects: a container that ends, or a containerd that is lost with its tasks, ends the process too. */
  async #endOf(container: LocalContainer, execId: string, failed: AbortSignal): Promise<number> {
    for (;;) {
      try {
        return (await this.#dependencies.tasks.wait(container.id, execId, failed)).exitCode;
      } catch (error) {
        if (kindOf(error) !== 'Unavailable' || failed.aborted || container.exit !== undefined) return KILLED;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #firstProcess(container: LocalContainer): Promise<OciProcess> {
    if (container.process !== undefined) return container.process;
    const record = await this.#dependencies.store.get(container.id);
    if (record?.spec === undefined) throw notFound('exec in', 'container', container.id);
    const { process } = parseJsonAny(record.spec) as OciSpec;
    container.process = process;
    return process;
  }
}

interface Outputs {
  readonly stdout: FifoOutput;
  readonly stderr: FifoOutput | undefined;
}

interface Begun extends Outputs {
  readonly container: LocalContainer;
  readonly execId: string;
  readonly mark: number;
  readonly streams: TaskStreams;
}

const CLOSE_MS = 500;
const RETRY_MS = 200;
/** As of a process that was killed. */
const KILLED = 137;

const isOther = ({ type }: { readonly type: string }): boolean => type !== markLimit(0).type;

const pathsOf = ({ stdin, stdout, stderr }: TaskStreams): readonly string[] =>
  [stdin, stdout, stderr].filter((path) => path !== '');

/** What is left by a failure goes with the container's directory. */
async function removeStreams(streams: TaskStreams): Promise<void> {
  await Promise.allSettled(pathsOf(streams).map((path) => unlink(path)));
}

async function closeOutputs({ stdout, stderr }: Outputs): Promise<void> {
  await Promise.all([stdout.close(), stderr?.close()]);
}

async function openOutputs({ stdin, stdout, stderr }: TaskStreams): Promise<Outputs> {
  if (stdin !== '') makeFifo(stdin);
  const [out, error] = await Promise.all([
    FifoOutput.open(stdout),
    stderr === '' ? undefined : FifoOutput.open(stderr),
  ]);
  return { stdout: out, stderr: error };
}

/** What the runtime says of a program that can't be run comes without a kind. */
function execFailure(id: ContainerId, cause: unknown): unknown {
  if (kindOf(cause) !== 'Internal' && kindOf(cause) !== 'NotFound') return cause;
  return new RuntimeError('FailedPrecondition', describeError(cause), { operation: 'exec', id, cause });
}
