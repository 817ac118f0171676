import { RuntimeError } from '@crihub/kernel';
import { goProgram } from '@crihub/tool-conformance';
import { BASE_ENVIRONMENT, run, type RunResult, spawnProcess } from '@crihub/transport/process';

/** The real crictl against one socket. */
export class Crictl {
  readonly #program: string;
  readonly #globals: readonly string[];

  private constructor(program: string, socket: string) {
    this.#program = program;
    this.#globals = ['--runtime-endpoint', `unix://${socket}`, '--timeout', '20s'];
  }

  /** Builds crictl if it was not built before. */
  static async for(socket: string): Promise<Crictl> {
    return new Crictl(await goProgram('crictl', () => undefined), socket);
  }

  /** @returns its standard output. @throws Internal with its standard error if it fails. */
  async run(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.attempt(...args);
    if (exitCode === 0) return stdout.toString();
    throw new RuntimeError('Internal', `crictl ${args.join(' ')}: ${stderr.toString()}`);
  }

  /** The same, parsed. */
  async json(command: string, ...args: readonly string[]): Promise<unknown> {
    return JSON.parse(await this.run(command, '--output', 'json', ...args)) as unknown;
  }

  /** The words that a shell would be given. */
  command(...args: readonly string[]): readonly string[] {
    return [this.#program, ...this.#globals, ...args];
  }

  async attempt(...args: readonly string[]): Promise<RunResult> {
    return await run(this.#program, { args: [...this.#globals, ...args], env: BASE_ENVIRONMENT });
  }

  /** Runs it in the background and keeps what it prints. Disposing of it ends it. */
  async follow(...args: readonly string[]): Promise<{ readonly output: () => string } & Disposable> {
    const child = await spawnProcess(this.#program, {
      args: [...this.#globals, ...args],
      env: BASE_ENVIRONMENT,
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.resume();
    return {
      output: () => Buffer.concat(chunks).toString(),
      [Symbol.dispose]: () => child.killGroup(),
    };
  }
}
