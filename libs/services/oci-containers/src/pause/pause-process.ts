import { join } from 'node:path';
import type { Sandbox } from '@crihub/contract';
import { serializeOci } from '@crihub/service-oci';
import { PAUSE_MOUNTS, PAUSE_PROGRAM, pauseSpec, type SandboxPaths } from '@crihub/service-sandbox';
import type { ConmonLauncher, Launched } from '../conmon/conmon-launcher.ts';
import type { Executor } from '../execution/executor.ts';
import type { ContainerLayout } from '../layout.ts';
import type { OciRuntime } from '../runtime/oci-runtime.ts';

export interface PauseProcessOptions {
  /** The least value that may be written to `oom_score_adj`. */
  readonly minOomScoreAdj: number;
}

export interface PauseProcessDependencies {
  readonly layout: ContainerLayout;
  readonly executor: Executor;
  readonly launcher: ConmonLauncher;
  readonly runtime: OciRuntime;
  /** Finds the static catatonit. @throws Unavailable if it is not installed. */
  readonly program: () => Promise<string>;
}

export interface PauseInput {
  readonly sandbox: Sandbox;
  readonly paths: SandboxPaths;
  readonly cgroupsPath: string;
  /** Files into which its conmon writes `0` to join a control group. */
  readonly joinFiles: readonly string[];
}

/** As containerd and CRI-O set it for theirs: it must outlive the pod's containers. */
const OOM_SCORE_ADJ = -998;

/** The init process of pods whose containers share a PID namespace; a container under conmon like others. */
export class PauseProcess {
  readonly #options: PauseProcessOptions;
  readonly #dependencies: PauseProcessDependencies;

  constructor(options: PauseProcessOptions, dependencies: PauseProcessDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async start(
    { sandbox, paths, cgroupsPath, joinFiles }: PauseInput,
    signal: AbortSignal,
  ): Promise<Launched> {
    const { layout, executor, launcher, runtime } = this.#dependencies;
    const { id } = sandbox;
    const bundle = layout.bundle(id);
    const persistentDirectory = layout.persistent(id);
    await this.#makeRootfs(join(bundle, 'rootfs'));
    const spec = pauseSpec({
      sandbox,
      bundle,
      paths,
      cgroupsPath,
      program: await this.#dependencies.program(),
      oomScoreAdj: Math.max(OOM_SCORE_ADJ, this.#options.minOomScoreAdj),
    });
    await executor.files.write(join(bundle, 'config.json'), serializeOci(spec));
    const launched = await launcher.launch(
      { id, bundle, persistentDirectory, logPath: '', terminal: false, stdin: false, stdinOnce: false },
      joinFiles,
      signal,
    );
    await runtime.start(id, signal);
    return launched;
  }

  /** What is mounted over; with a user namespace the runtime has no right to make it. */
  async #makeRootfs(rootfs: string): Promise<void> {
    const { files } = this.#dependencies.executor;
    for (const { destination } of PAUSE_MOUNTS) await files.makeDirectory(join(rootfs, destination), 0o755);
    await files.write(join(rootfs, PAUSE_PROGRAM), '');
  }
}
