import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, errnoCode, type Logger } from '@crihub/kernel';
import { run } from '@crihub/transport/process';
import { HOLDER_PROGRAM } from './fifo-holder-program.ts';
import { makeFifo } from './fifo.ts';

export interface FifoHolderOptions {
  /** The directory that the FIFOs are below, which exists; the names that are held are relative to it. */
  readonly directory: string;
}

const START_MS = 5_000;

/**
 * Keeps FIFOs open while this daemon is away. A shim closes a container's FIFOs when the container ends, and
 * the kernel then discards what nobody else has open: the end of the container's output. So a small process
 * that outlives the daemon, one for all containers, holds their reading ends and never reads.
 */
export class FifoHolder {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #held = new Set<string>();
  #turn: Promise<void> = Promise.resolve();
  #failing = false;

  constructor({ directory }: FifoHolderOptions, { logger }: { readonly logger: Logger }) {
    this.#directory = directory;
    this.#logger = logger;
  }

  /** Never rejects: without it, no more than a crash at the wrong moment is unsafe. Repeatable. */
  async hold(names: readonly string[]): Promise<void> {
    for (const name of names) this.#held.add(name);
    await this.#tell(names.map((name) => `hold ${name}`));
  }

  /** Lets go of FIFOs that were read to their end. */
  async drop(names: readonly string[]): Promise<void> {
    const known = names.filter((name) => this.#held.delete(name));
    await this.#tell(known.map((name) => `drop ${name}`));
  }

  /** Takes over from an earlier daemon: lets go of what is no longer there, and holds these. */
  async adopt(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await this.#tell(['tidy']);
    await this.hold(names);
  }

  /** Ends the process if it holds nothing. */
  async close(): Promise<void> {
    await this.#turn;
    if (this.#held.size === 0) await this.#write(['quit']).catch(() => undefined); // there is none
  }

  #tell(commands: readonly string[]): Promise<void> {
    if (commands.length === 0) return this.#turn;
    this.#turn = this.#turn
      .then(() => this.#deliver(commands))
      .then(
        () => void (this.#failing = false),
        (error: unknown) => this.#failed(error),
      );
    return this.#turn;
  }

  async #deliver(commands: readonly string[]): Promise<void> {
    try {
      await this.#write(commands);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      await this.#start();
      await this.#write([...this.#held].map((name) => `hold ${name}`));
    }
  }

  async #write(commands: readonly string[]): Promise<void> {
    await using control = await open(this.#control, constants.O_WRONLY | constants.O_NONBLOCK);
    for (const command of commands) await control.write(`${command}\n`);
  }

  /** Resolves when the process listens: it then lets go of its output, and lives on its own. */
  async #start(): Promise<void> {
    makeFifo(this.#control);
    const args = ['--fork', 'bash', '-c', HOLDER_PROGRAM, 'crihub-fifo-holder'];
    const { exitCode, stderr } = await run('setsid', { args, cwd: this.#directory, timeoutMs: START_MS });
    if (exitCode !== 0 || stderr.length > 0) throw new Error(stderr.toString().trim());
  }

  get #control(): string {
    return join(this.#directory, 'fifo-holder');
  }

  #failed(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    this.#logger.warn('could not keep the output of containers safe from a crash of this daemon', {
      error: describeError(error),
    });
  }
}

/** Nobody listens: it never ran, or it was killed. */
const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENXIO', 'EPIPE'].includes(errnoCode(error) ?? '');
