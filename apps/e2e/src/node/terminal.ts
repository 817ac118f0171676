import { randomBytes } from 'node:crypto';
import { BASE_ENVIRONMENT, run } from '@crihub/transport/process';
import { eventually } from '../kubelet/eventually.ts';

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** A real pseudo-terminal with a program in it; tmux is what draws it. Disposing of it hangs it up. */
export class Terminal implements AsyncDisposable {
  readonly #server: string;

  private constructor(server: string) {
    this.#server = server;
  }

  static async open(command: readonly string[], { width, height }: TerminalSize): Promise<Terminal> {
    const terminal = new Terminal(`crihub-${randomBytes(4).toString('hex')}`);
    const size = ['-x', String(width), '-y', String(height)];
    // What is left of the program stays on the screen.
    await terminal.#tmux(
      'set-option',
      '-g',
      'remain-on-exit',
      'on',
      ';',
      'new-session',
      '-d',
      ...size,
      quoted(command),
    );
    return terminal;
  }

  async screen(): Promise<string> {
    return await this.#tmux('capture-pane', '-p', '-J');
  }

  /** Waits until the screen shows it. @throws with the screen if it does not. */
  async shows(expected: RegExp): Promise<void> {
    let screen = '';
    const look = async (): Promise<true | undefined> => {
      screen = await this.screen();
      return expected.test(screen) || undefined;
    };
    await eventually(`${String(expected)} on the screen`, look, 20_000).catch((cause: unknown) => {
      throw new Error(`${String(expected)} is not on the screen:\n${screen.trim()}`, { cause });
    });
  }

  /**
   * Waits until the program has let go of the terminal. tmux's own word for it on the screen is not to be
   * relied on: tmux 3.3 overlooks the death of a child at times, and neither reaps it nor draws anything.
   */
  async ends(): Promise<void> {
    const look = async (): Promise<true | undefined> =>
      (await this.#tmux('display-message', '-p', '#{pane_dead}')).trim() === '1' || undefined;
    await eventually('the end of the program in the terminal', look, 20_000);
  }

  /** Keys by tmux's names: `Enter`, `C-c`, or text as it is. */
  async type(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  async resize({ width, height }: TerminalSize): Promise<void> {
    await this.#tmux('resize-window', '-x', String(width), '-y', String(height));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux('kill-server');
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await run('tmux', {
      args: ['-L', this.#server, '-f', '/dev/null', ...args],
      env: { ...BASE_ENVIRONMENT, TERM: 'xterm', LANG: 'C.UTF-8' },
    });
    if (exitCode !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr.toString()}`);
    return stdout.toString();
  }
}

const quoted = (command: readonly string[]): string =>
  command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
