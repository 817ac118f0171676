import path from 'node:path';
import { CriClient, type DaemonProcess, startDaemon } from '@crihub/tool-fixtures';
import { BASE_ENVIRONMENT } from '@crihub/transport/process';

/** The daemon from its source. */
export const DAEMON_PROGRAM = path.resolve(import.meta.dirname, '../../../crihubd/src/main.ts');

/** Keeps what Node compiled, since a test starts the daemon again and again. */
export const daemonEnvironment = (directory: string): Readonly<Record<string, string>> => ({
  ...BASE_ENVIRONMENT,
  NODE_COMPILE_CACHE: path.join(directory, 'compile-cache'),
});

export interface CrihubDaemonOptions {
  readonly directory: string;
  readonly configuration: string;
  /** The journal step at which it kills itself with SIGKILL. */
  readonly crashAt?: string;
}

/** A running crihubd with a client. What it runs outlives it. */
export class CrihubDaemon implements AsyncDisposable {
  readonly cri: CriClient;
  readonly #process: DaemonProcess;

  private constructor(process: DaemonProcess) {
    this.#process = process;
    this.cri = new CriClient(process.socket);
  }

  /** @throws FailedPrecondition with its last words if it does not come up. */
  static async start({ directory, configuration, crashAt }: CrihubDaemonOptions): Promise<CrihubDaemon> {
    const crash = crashAt === undefined ? {} : { CRIHUB_CRASH_AT: crashAt };
    return new CrihubDaemon(
      await startDaemon({
        name: 'crihubd',
        program: process.execPath,
        args: [DAEMON_PROGRAM, '--config', configuration],
        env: { ...daemonEnvironment(directory), ...crash },
        socket: path.join(directory, 'crihub.sock'),
        logFile: path.join(directory, 'crihubd.log'),
      }),
    );
  }

  get pid(): number {
    return this.#process.pid;
  }

  get socket(): string {
    return this.#process.socket;
  }

  /** Resolves with its exit code when it has ended. */
  get exited(): Promise<number> {
    return this.#process.exited;
  }

  /** SIGKILL, as if the power of the process had gone. */
  async kill(): Promise<void> {
    process.kill(this.pid, 'SIGKILL');
    await this.exited;
    await this.stop();
  }

  /** SIGTERM, and waits for its end; also tidies up after one that is dead. */
  async stop(): Promise<void> {
    this.cri[Symbol.dispose]();
    await this.#process.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
