import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sandbox } from '@crihub/contract';
import {
  containerCgroup,
  PAUSE_MOUNTS,
  PAUSE_PROGRAM,
  pauseSpec,
  sandboxPaths,
} from '@crihub/service-sandbox';
import { jsonAny, OCI_TYPES } from '../api/any.ts';
import type { StoredContainer } from '../api/container-store.ts';
import { type RuntimeChoice, runtimeOf } from '../api/runtime-options.ts';
import type { TaskService } from '../api/task-service.ts';
import type { Layout } from '../layout.ts';
import { RUNC_SHIM } from '../options.ts';
import { endTask } from '../container/end-task.ts';
import type { ShimTurns } from '../shims/shim-turns.ts';
import { findPauseProgram } from './pause-program.ts';

export interface PauseOptions extends RuntimeChoice {
  readonly pausePath: string;
  /** The least value that may be written to `oom_score_adj`. */
  readonly minOomScoreAdj: number;
}

export interface PauseDependencies {
  readonly layout: Layout;
  readonly tasks: TaskService;
  readonly shimTurns: ShimTurns;
}

/** As containerd's own CRI has it: it must outlive the pod's containers. */
const OOM_SCORE_ADJ = -998;
const NO_STREAMS = { stdin: '', stdout: '', stderr: '', terminal: false } as const;

/**
 * The pod's own task, with its record's id. runc's shim needs one only where containers share a PID
 * namespace; shims that make a machine for the pod make it for this task.
 */
export class Pause {
  readonly #options: PauseOptions;
  readonly #dependencies: PauseDependencies;

  constructor(options: PauseOptions, dependencies: PauseDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  isNeeded({ namespaces }: Pick<Sandbox, 'namespaces'>): boolean {
    return this.#options.runtimeType !== RUNC_SHIM || namespaces.pid === 'pod';
  }

  /** What the pod's record says of its task; containerd wants a specification in every record. */
  async record(sandbox: Sandbox): Promise<Pick<StoredContainer, 'spec' | 'runtime'>> {
    const owner = { uid: hostRoot(sandbox, 'uids'), gid: hostRoot(sandbox, 'gids') };
    const spec = this.isNeeded(sandbox) ? await this.#spec(sandbox) : {};
    return { spec: jsonAny(OCI_TYPES.spec, spec), runtime: runtimeOf(this.#options, owner) };
  }

  async start(sandbox: Sandbox, signal: AbortSignal): Promise<number> {
    const { layout, tasks } = this.#dependencies;
    await makeRootfs(join(layout.sandbox(sandbox.id), 'rootfs'));
    const state = await tasks.state(sandbox.id, signal);
    if (state?.name === 'running') return state.pid;
    if (state === undefined) await tasks.create(sandbox.id, { streams: NO_STREAMS }, signal);
    return await tasks.start(sandbox.id, '', signal);
  }

  async remove(id: Sandbox['id'], signal: AbortSignal): Promise<void> {
    const { tasks, shimTurns } = this.#dependencies;
    await shimTurns.run(id, () => endTask(id, tasks, signal), signal);
  }

  async #spec(sandbox: Sandbox): Promise<object> {
    const { layout } = this.#dependencies;
    const { cgroupDriver, minOomScoreAdj, pausePath } = this.#options;
    return pauseSpec({
      sandbox,
      bundle: layout.sandbox(sandbox.id),
      paths: sandboxPaths(sandbox, layout),
      cgroupsPath: containerCgroup(sandbox.id, sandbox, cgroupDriver).specPath,
      program: await findPauseProgram(pausePath),
      oomScoreAdj: Math.max(OOM_SCORE_ADJ, minOomScoreAdj),
      annotations: sandboxAnnotations(sandbox),
    });
  }
}

/** With all mount points: the root of a user namespace could not make them. */
async function makeRootfs(rootfs: string): Promise<void> {
  for (const { destination } of PAUSE_MOUNTS) await mkdir(join(rootfs, destination), { recursive: true });
  await writeFile(join(rootfs, PAUSE_PROGRAM), '');
}

/** Those of containerd's CRI, by which shims that make a machine for the pod know its task. */
const sandboxAnnotations = ({ id, metadata }: Pick<Sandbox, 'id' | 'metadata'>): Record<string, string> => ({
  'io.kubernetes.cri.container-type': 'sandbox',
  'io.kubernetes.cri.sandbox-id': id,
  'io.kubernetes.cri.sandbox-name': metadata.name,
  'io.kubernetes.cri.sandbox-namespace': metadata.namespace,
});

/** The id on the host of the pod's root. */
export function hostRoot({ namespaces }: Pick<Sandbox, 'namespaces'>, kind: 'uids' | 'gids'): number {
  return namespaces.user?.[kind].find(({ containerId }) => containerId === 0)?.hostId ?? 0;
}
