import type { Readable, Writable } from 'node:stream';
import type { ProcessExit, ProcessSession, TerminalSize } from '@crihub/contract';
import type { HijackedStreams } from '@crihub/transport/docker-engine';
import type { EngineLink } from '../engine-link.ts';

export interface AttachSessionInput {
  readonly engineId: string;
  readonly streams: HijackedStreams;
  readonly terminal: boolean;
  /** Of the container. */
  readonly exit: Promise<ProcessExit>;
}

/** The streams of a container's first process. */
export class AttachSession implements ProcessSession {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  readonly exit: Promise<ProcessExit>;
  readonly #input: AttachSessionInput;
  readonly #link: EngineLink;

  constructor(input: AttachSessionInput, { link }: { readonly link: EngineLink }) {
    this.#input = input;
    this.#link = link;
    const { streams, exit } = input;
    this.stdin = streams.stdin;
    this.stdout = streams.stdout;
    this.stderr = streams.stderr;
    this.exit = exit;
  }

  async resize(size: TerminalSize): Promise<void> {
    const { engineId, terminal } = this.#input;
    if (terminal) await this.#link.engine.containers.resize(engineId, size);
  }

  async kill(): Promise<void> {
    this.#input.streams.destroy();
  }
}
