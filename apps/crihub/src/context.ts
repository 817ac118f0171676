import type { Readable } from 'node:stream';
import { NodeClient } from './client/node-client.ts';
import { type OutputFormat, Terminal, type TerminalDependencies } from './output/terminal.ts';

/** The options that every command has. */
export interface GlobalOptions {
  /** Path of the daemon's socket. */
  readonly socket: string;
  readonly output: OutputFormat;
}

export interface ContextDependencies extends TerminalDependencies {
  readonly stdin: Readable;
  /** Known once the command line has been read. */
  readonly options: () => GlobalOptions;
}

/** What a command works with. */
export class Context {
  readonly #dependencies: ContextDependencies;

  constructor(dependencies: ContextDependencies) {
    this.#dependencies = dependencies;
  }

  get socket(): string {
    return this.#dependencies.options().socket;
  }

  get stdin(): Readable {
    return this.#dependencies.stdin;
  }

  terminal(): Terminal {
    return new Terminal({ format: this.#dependencies.options().output }, this.#dependencies);
  }

  /** Gives the command a connection to the daemon, and closes it at the end. */
  async withNode<T>(work: (node: NodeClient) => Promise<T>): Promise<T> {
    using node = new NodeClient(this.socket);
    return await work(node);
  }
}
