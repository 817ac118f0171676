import type { SshProcess } from '@crihub/transport/ssh';
import { ShellSession, type ShellReply } from './shell-session.ts';

export interface GuestShellDependencies {
  /** Starts a shell that reads its script from its standard input. @throws Unavailable. */
  readonly open: () => Promise<SshProcess>;
}

/**
 * A shell in the guest that stays, for the many small questions: an answer takes about a millisecond, where a
 * channel for each would take twenty. A shell that is lost or stuck fails what was asked of it, and the next
 * question starts another.
 */
export class GuestShell {
  readonly #open: GuestShellDependencies['open'];
  #session: Promise<ShellSession> | undefined;

  constructor({ open }: GuestShellDependencies) {
    this.#open = open;
  }

  /**
   * Runs a script that ends soon, reads nothing and does not `exit`; its output and its error output are one.
   * @throws Unavailable, DeadlineExceeded, or ResourceExhausted for more output than is allowed.
   */
  async run(script: string): Promise<ShellReply> {
    const session = await this.#live();
    return await session.run(script);
  }

  close(): void {
    this.#session?.then(
      (session) => session.close(),
      () => undefined,
    );
    this.#session = undefined;
  }

  async #live(): Promise<ShellSession> {
    const known = this.#session;
    const session = await known?.catch(() => undefined);
    if (session?.isOpen === true) return session;
    // Another caller may be opening one meanwhile.
    if (this.#session === known || this.#session === undefined) this.#session = this.#start();
    const opening = this.#session;
    try {
      return await opening;
    } catch (error) {
      if (this.#session === opening) this.#session = undefined;
      throw error;
    }
  }

  async #start(): Promise<ShellSession> {
    return new ShellSession(await this.#open());
  }
}
