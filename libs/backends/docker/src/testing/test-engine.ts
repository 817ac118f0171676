import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '@crihub/kernel';
import { forgetDeadContainerd } from '@crihub/tool-fixtures';
import { isAlive, listMounts, Mounts, NamespaceWorker, processRef } from '@crihub/linux';
import { DockerEngine } from '@crihub/transport/docker-engine';
import { BASE_ENVIRONMENT, type SpawnedProcess, spawnProcess } from '@crihub/transport/process';

export interface TestEngineOptions {
  readonly liveRestore?: boolean;
  /** Directories with another dockerd and what it starts; those of the machine if absent. */
  readonly programs?: readonly string[];
  /** Keeps its images in containerd, as engines from version 29 on do by themselves. */
  readonly containerdImages?: boolean;
}

const START_MS = 30_000;
const POLL_MS = 50;

/** A Docker Engine of its own, with everything below one directory. */
export class TestEngine implements AsyncDisposable {
  readonly directory: string;
  readonly #options: TestEngineOptions;
  #daemon: SpawnedProcess | undefined;

  static async start(options: TestEngineOptions = {}): Promise<TestEngine> {
    const engine = new TestEngine(options, await mkdtemp(join(tmpdir(), 'crihub-dockerd-')));
    await engine.launch();
    return engine;
  }

  private constructor(options: TestEngineOptions, directory: string) {
    this.#options = options;
    this.directory = directory;
  }

  get socket(): string {
    return join(this.directory, 'docker.sock');
  }

  client(): DockerEngine {
    return new DockerEngine({ socketPath: this.socket });
  }

  /** Starts the daemon, which finds what a former one left. */
  async launch(): Promise<void> {
    const { liveRestore = true, programs = [], containerdImages = false } = this.#options;
    const execRoot = join(this.directory, 'exec');
    await mkdir(execRoot, { recursive: true });
    await forgetDeadContainerd(execRoot);
    const args = [
      '--bridge=none',
      '--iptables=false',
      '--ip-masq=false',
      ...(containerdImages ? ['--feature', 'containerd-snapshotter=true'] : ['--storage-driver', 'overlay2']),
      ...['--data-root', join(this.directory, 'root')],
      ...['--exec-root', execRoot],
      ...['--pidfile', join(this.directory, 'dockerd.pid')],
      ...['-H', `unix://${this.socket}`],
      ...(liveRestore ? ['--live-restore'] : []),
    ];
    const log = await open(join(this.directory, 'dockerd.log'), 'a');
    const command = ['-c', 'exec "$0" "$@" >&3 2>&1', 'dockerd', ...args];
    const env = { ...BASE_ENVIRONMENT, PATH: [...programs, BASE_ENVIRONMENT['PATH']].join(':') };
    this.#daemon = await spawnProcess('/bin/sh', { args: command, env, extraFds: [log.fd] });
    await log.close();
    await this.#untilReady();
  }

  /** SIGKILL to the daemon alone: containerd and the containers run on. */
  async kill(): Promise<void> {
    const { pid, exited } = this.#running();
    process.kill(pid, 'SIGKILL');
    await exited;
  }

  /** SIGTERM, which takes the containers along unless they are restored live. */
  async stop(): Promise<void> {
    const { pid, exited } = this.#running();
    process.kill(pid, 'SIGTERM');
    await exited;
    this.#daemon = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#daemon !== undefined) await this.stop();
    const worker = new NamespaceWorker();
    const mounts = new Mounts({ worker });
    if ((await listMounts(this.directory)).length > 0) await mounts.unmountUnder(this.directory);
    await worker.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  #running(): SpawnedProcess {
    if (this.#daemon === undefined) throw new Error('the engine was not started');
    return this.#daemon;
  }

  async #untilReady(): Promise<void> {
    const deadline = AbortSignal.timeout(START_MS);
    const daemon = await processRef(this.#running().pid);
    for (;;) {
      try {
        await this.client().identify(deadline);
        return;
      } catch (error) {
        if (daemon === undefined || !(await isAlive(daemon))) {
          throw new Error(`dockerd has ended: see ${join(this.directory, 'dockerd.log')}`, { cause: error });
        }
      }
      await sleep(POLL_MS, deadline);
    }
  }
}
