import { CriClient, type DaemonProcess } from '@crihub/tool-fixtures';

/** A daemon that is measured, and may be killed for it. Disposing of it removes its pods and stops it. */
export class BenchDaemon implements AsyncDisposable {
  readonly #start: () => Promise<DaemonProcess>;
  #process: DaemonProcess;
  #cri: CriClient;

  private constructor(start: () => Promise<DaemonProcess>, process: DaemonProcess) {
    this.#start = start;
    this.#process = process;
    this.#cri = new CriClient(process.socket);
  }

  static async start(start: () => Promise<DaemonProcess>): Promise<BenchDaemon> {
    return new BenchDaemon(start, await start());
  }

  get cri(): CriClient {
    return this.#cri;
  }

  get socket(): string {
    return this.#process.socket;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** SIGKILL, as if the machine had taken it; what it ran runs on. */
  async kill(): Promise<void> {
    this.#cri[Symbol.dispose]();
    process.kill(this.pid, 'SIGKILL');
    await this.#process.exited;
    await this.#process.stop();
  }

  /** Starts it again after `kill`; resolves when it accepts calls. */
  async restart(): Promise<void> {
    this.#process = await this.#start();
    this.#cri = new CriClient(this.#process.socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cri[Symbol.dispose]();
    await this.#process[Symbol.asyncDispose]();
  }
}
