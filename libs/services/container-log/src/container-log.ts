import { type Clock, describeError, type Logger } from '@crihub/kernel';
import { encodeChunk, type OutputStream } from './entry-format.ts';
import { LogFile, type LogPlace } from './log-file.ts';

export interface ContainerLogOptions {
  /** Absolute path of the log in an existing directory; empty: everything is discarded. */
  readonly path: string;
  /** Longer lines are split; 16 KiB, as kubelets expect, if absent. */
  readonly maxLineBytes?: number;
}

export interface ContainerLogDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where a chunk's entries are, and their time: all that is needed to finish what a death interrupted. */
export interface ChunkPlace extends LogPlace {
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint;
}

const DEFAULT_LINE_BYTES = 16 * 1024;

/**
 * The log of one container in the CRI format. Calls are done in order; each resolves when its entries are
 * in the file, so whoever waits for them before reading on never holds more than one chunk. What can't be
 * written (a full disk) is dropped, counted and told once, so that the container is never held for ever.
 */
export class ContainerLog {
  readonly #path: string;
  readonly #maxLineBytes: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #file: LogFile | undefined;
  #turn: Promise<void> = Promise.resolve();
  #droppedBytes = 0;
  #failing = false;

  constructor(options: ContainerLogOptions, { clock, logger }: ContainerLogDependencies) {
    this.#path = options.path;
    this.#maxLineBytes = options.maxLineBytes ?? DEFAULT_LINE_BYTES;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Bytes of the log, headers included, that could not be written. */
  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  /** Makes the file if it is not there, for those who read it before anything is written. @throws if it can't. */
  open(): Promise<void> {
    if (this.#path === '') return Promise.resolve();
    return this.#inTurn(async () => {
      this.#file ??= await LogFile.open(this.#path);
    });
  }

  /**
   * Writes output as it came from the process, with the time of now.
   * @param begin is told where its entries will be, before any of them is written.
   */
  write(stream: OutputStream, chunk: Buffer, begin?: (place: ChunkPlace) => void): Promise<void> {
    if (this.#path === '') return Promise.resolve();
    const timeNs = this.#clock.nowNs();
    const entries = encodeChunk(timeNs, stream, chunk, this.#maxLineBytes);
    return this.#inTurn(() => this.#append(entries, begin && ((place) => begin({ ...place, timeNs }))));
  }

  /** Writes what is missing of a chunk that an earlier writer had begun to write, with nobody after it. */
  complete(stream: OutputStream, chunk: Buffer, { file: number, offset, timeNs }: ChunkPlace): Promise<void> {
    if (this.#path === '') return Promise.resolve();
    const entries = encodeChunk(timeNs, stream, chunk, this.#maxLineBytes);
    return this.#inTurn(() =>
      this.#attempt(entries.length, async () => {
        const begun = await LogFile.find(this.#path, number);
        if (begun !== undefined) return await begun.complete(entries, offset).finally(() => begun.close());
        // Rather twice than not at all.
        this.#file ??= await LogFile.open(this.#path);
        await this.#file.append(entries);
      }),
    );
  }

  /** Writes whole entries that are encoded already, with times of their own. */
  append(entries: Buffer): Promise<void> {
    if (this.#path === '') return Promise.resolve();
    return this.#inTurn(() => this.#append(entries));
  }

  /**
   * Goes on in a new file at the same path, after what was written before has reached the old one.
   * @throws if it can't be made; the old file is then kept.
   */
  reopen(): Promise<void> {
    if (this.#path === '') return Promise.resolve();
    return this.#inTurn(async () => {
      const old = this.#file;
      this.#file = await LogFile.open(this.#path);
      await old?.close();
    });
  }

  /** Waits for what was written and lets go of the file; a later write opens it again. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#release());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined); // the failure belongs to whoever asked for this piece of work
    return mine;
  }

  #append(entries: Buffer, begin?: (place: LogPlace) => void): Promise<void> {
    return this.#attempt(entries.length, async () => {
      this.#file ??= await LogFile.open(this.#path);
      await this.#file.append(entries, begin);
    });
  }

  /** Never rejects. @param bytes that are dropped if it fails. */
  async #attempt(bytes: number, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (this.#failing) this.#recovered();
    } catch (error) {
      this.#droppedBytes += bytes;
      if (!this.#failing) this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#failing = true;
    this.#logger.warn("a container's output can't be written and is dropped", {
      path: this.#path,
      error: describeError(error),
    });
  }

  #recovered(): void {
    this.#failing = false;
    this.#logger.info("a container's output is written again", {
      path: this.#path,
      droppedBytes: this.#droppedBytes,
    });
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
