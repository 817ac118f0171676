import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sleep } from '@crihub/kernel';
import { GrpcConnection } from '@crihub/transport/grpc-client';
import { BASE_ENVIRONMENT, run, type SpawnedProcess, spawnProcess } from '@crihub/transport/process';
import { version } from '@crihub/wire/containerd';

const START_MS = 20_000;

/** A containerd with all of its files below one directory. */
export class ContainerdDaemon implements AsyncDisposable {
  readonly socketPath: string;
  readonly state: string;
  readonly #directory: string;
  readonly #program: string;
  #process: SpawnedProcess | undefined;

  constructor(directory: string, program = 'containerd') {
    this.#directory = directory;
    this.#program = program;
    this.state = join(directory, 'state');
    this.socketPath = join(directory, 'containerd.sock');
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async start(): Promise<void> {
    const config = join(this.#directory, 'config.toml');
    await writeFile(config, configuration(this.#directory));
    this.#process = await spawnProcess(this.#program, {
      args: ['--config', config],
      env: environment(this.#directory, this.#program),
    });
    const log: Buffer[] = [];
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.on('data', (chunk: Buffer) => void (log.length < 1000 && log.push(chunk)));
    }
    await this.#answers().catch(async (error: unknown) => {
      await this.kill();
      throw new Error(`containerd did not start: ${Buffer.concat(log).toString().slice(-2000)}`, {
        cause: error,
      });
    });
  }

  /** As a crash: shims live on. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (running === undefined) return;
    this.#process = undefined;
    process.kill(running.pid, 'SIGKILL');
    await running.exited;
  }

  /** It dies, and comes back without a trace of these containers, though they run. */
  async forget(ids: readonly string[]): Promise<void> {
    await this.kill();
    const tasks = join(this.state, 'io.containerd.runtime.v2.task/crihub');
    for (const id of ids) await rm(join(tasks, id), { recursive: true });
    await this.start();
    const args = ['--address', this.socketPath, '--namespace', 'crihub', 'containers', 'delete', ...ids];
    await run('ctr', { args });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #answers(): Promise<void> {
    const connection = new GrpcConnection({ socketPath: this.socketPath, server: 'containerd under test' });
    try {
      const end = Date.now() + START_MS;
      for (;;) {
        try {
          await connection.call(version.VersionService.version, {});
          return;
        } catch (error) {
          if (Date.now() > end) throw error;
          await sleep(20);
        }
      }
    } finally {
      connection.close();
    }
  }
}

/** Shims are looked for below the directory, then beside the program. */
const environment = (directory: string, program: string): Readonly<Record<string, string>> => {
  const beside = program.startsWith('/') ? [dirname(program)] : [];
  return { PATH: [join(directory, 'bin'), ...beside, BASE_ENVIRONMENT['PATH'] ?? ''].join(':') };
};

const configuration = (directory: string): string => `
version = 2
root = "${join(directory, 'root')}"
state = "${join(directory, 'state')}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.snapshotter.v1.aufs"]
[grpc]
address = "${join(directory, 'containerd.sock')}"
[ttrpc]
address = "${join(directory, 'containerd.sock')}.ttrpc"
`;
