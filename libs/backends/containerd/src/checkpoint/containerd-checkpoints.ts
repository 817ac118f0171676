import { mkdir, mkdtempDisposable, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointSupport } from '@crihub/contract';
import { type ContainerId, describeError, kindOf, RuntimeError } from '@crihub/kernel';
import { notFound, wrongState } from '@crihub/service-sandbox';
import { run } from '@crihub/transport/process';
import type { ContainerStore, StoredContainer } from '../api/container-store.ts';
import type { TaskService } from '../api/task-service.ts';
import type { LocalContainers } from '../container/local-containers.ts';
import { RUNC_SHIM } from '../options.ts';
import { storedRecord } from '../records/container-labels.ts';
import { requireCriu } from './criu.ts';

export interface ContainerdCheckpointsDependencies {
  readonly local: LocalContainers;
  readonly store: ContainerStore;
  readonly tasks: TaskService;
}

const ARCHIVE_TIMEOUT_MS = 10 * 60_000;

/**
 * Checkpoints by CRIU, through containerd's tasks. The archive has the names that other CRI runtimes use:
 * `checkpoint/` with CRIU's images, `spec.dump`, `config.dump`. The root filesystem is not in it.
 */
export class ContainerdCheckpoints implements CheckpointSupport {
  readonly #runtimeType: string;
  readonly #dependencies: ContainerdCheckpointsDependencies;

  constructor(
    { runtimeType }: { readonly runtimeType: string },
    dependencies: ContainerdCheckpointsDependencies,
  ) {
    this.#runtimeType = runtimeType;
    this.#dependencies = dependencies;
  }

  /** @throws Unimplemented where there is no CRIU that works, FailedPrecondition with CRIU's own words. */
  async checkpoint(id: ContainerId, archivePath: string, signal: AbortSignal): Promise<void> {
    const stored = await this.#runningOne(id, signal);
    if (this.#runtimeType !== RUNC_SHIM)
      throw new RuntimeError('Unimplemented', `the shim ${this.#runtimeType} can't checkpoint containers`, {
        id,
      });
    await requireCriu(signal);
    // Beside the archive, which is moved to its place when it is whole.
    await using scratch = await mkdtempDisposable(`${archivePath}.`);
    await this.#dump(id, scratch.path, signal);
    await describe(stored, scratch.path);
    const draft = join(scratch.path, 'archive.tar');
    await archive(scratch.path, draft, signal);
    await rename(draft, archivePath);
  }

  async #runningOne(id: ContainerId, signal: AbortSignal): Promise<StoredContainer> {
    const { local, store } = this.#dependencies;
    const container = local.get(id);
    const stored = await store.get(id, signal);
    if (container === undefined || stored === undefined) throw notFound('checkpoint', 'container', id);
    const isRunning = container.released && container.exit === undefined;
    if (isRunning) return stored;
    const state = container.exit === undefined ? 'created' : 'exited';
    throw wrongState('checkpoint', 'container', id, state, 'running');
  }

  async #dump(id: ContainerId, directory: string, signal: AbortSignal): Promise<void> {
    const paths = { images: join(directory, 'checkpoint'), work: join(directory, 'work') };
    await Promise.all(Object.values(paths).map((path) => mkdir(path, { mode: 0o700 })));
    try {
      await this.#dependencies.tasks.checkpoint(id, paths, signal);
    } catch (cause) {
      if (kindOf(cause) !== 'Internal') throw cause;
      const details = { operation: 'checkpoint container', id, cause };
      throw new RuntimeError('FailedPrecondition', describeError(cause), details);
    }
  }
}

/** What was dumped: the OCI specification, and the container as the hub gave it. */
async function describe(stored: StoredContainer, directory: string): Promise<void> {
  const record = storedRecord(stored);
  const container = record.kind === 'container' ? record.container : undefined;
  await writeFile(join(directory, 'spec.dump'), stored.spec?.value ?? '');
  await writeFile(join(directory, 'config.dump'), JSON.stringify(container ?? {}));
}

async function archive(directory: string, path: string, signal: AbortSignal): Promise<void> {
  const members = ['checkpoint', 'spec.dump', 'config.dump'];
  const args = ['--create', '--file', path, '--directory', directory, ...members];
  const { exitCode, stderr } = await run('tar', { args, timeoutMs: ARCHIVE_TIMEOUT_MS, signal });
  if (exitCode !== 0) throw new RuntimeError('Internal', `tar: ${stderr.toString().trim()}`);
}
