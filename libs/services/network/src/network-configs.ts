import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { describeError, errnoCode, type Logger } from '@crihub/kernel';
import { type LoadedNetworks, loadNetworkLists } from './load-network-lists.ts';
import type { NetworkList } from './network-list.ts';

export interface NetworkConfigsOptions {
  readonly directory: string;
  /** Time after a change in the directory until it is read, in ms: an editor writes in several steps. */
  readonly debounceMs?: number;
  /** The directory is read again this often, since a watcher may miss news or not be possible, in ms. */
  readonly rescanMs?: number;
}

export interface NetworkConfigsDependencies {
  readonly logger: Logger;
  /** Called after the usable networks have changed. */
  readonly onChange?: () => void;
}

/** The networks that one directory configures, kept up to date. */
export class NetworkConfigs {
  readonly #directory: string;
  readonly #debounceMs: number;
  readonly #rescanMs: number;
  readonly #logger: Logger;
  readonly #onChange: () => void;
  #loaded: LoadedNetworks = { networks: [], problems: [] };
  #fingerprint = '';
  #trouble: string | undefined;
  #watcher: FSWatcher | undefined;
  #watchedInode: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reloading: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: NetworkConfigsOptions, { logger, onChange }: NetworkConfigsDependencies) {
    this.#directory = options.directory;
    this.#debounceMs = options.debounceMs ?? 200;
    this.#rescanMs = options.rescanMs ?? 5_000;
    this.#logger = logger;
    this.#onChange = onChange ?? ((): void => undefined);
  }

  get directory(): string {
    return this.#directory;
  }

  get loaded(): LoadedNetworks {
    return this.#loaded;
  }

  /** The network that pods are attached to. */
  get default(): NetworkList | undefined {
    return this.#loaded.networks[0];
  }

  /** Reads the directory for the first time, and from then on whenever it changes. */
  async start(): Promise<void> {
    await this.reload();
    this.#schedule(this.#rescanMs);
  }

  /** Reads the directory now. Calls that overlap run one after the other. */
  async reload(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#load());
    await this.#reloading;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#unwatch();
    await this.#reloading;
    this.#unwatch(); // a reload that was under way may have begun to watch again
  }

  /** Why there is no network, as a sentence. */
  describeAbsence(): string {
    if (this.#trouble !== undefined) return `can't read CNI configurations: ${this.#trouble}`;
    const problems = this.#loaded.problems.map(({ error }) => describeError(error));
    if (problems.length === 0) return `no CNI configuration in ${this.#directory}`;
    return `no usable CNI configuration in ${this.#directory}: ${problems.join('; ')}`;
  }

  async #load(): Promise<void> {
    try {
      await this.#watchAgain();
      this.#accept(await loadNetworkLists(this.#directory));
      this.#trouble = undefined;
    } catch (error) {
      // What was loaded before stays in use: a directory that can't be read now says nothing about it.
      const trouble = describeError(error);
      if (trouble === this.#trouble) return;
      this.#trouble = trouble;
      this.#logger.warn('cni configuration directory cannot be read', {
        directory: this.#directory,
        error: trouble,
      });
    }
  }

  #accept(loaded: LoadedNetworks): void {
    const problems = loaded.problems.map(({ file, error }) => `${file}: ${describeError(error)}`);
    const fingerprint = JSON.stringify([loaded.networks, problems]);
    if (fingerprint === this.#fingerprint) return;
    this.#fingerprint = fingerprint;
    this.#loaded = loaded;
    for (const { file, error } of loaded.problems) {
      this.#logger.warn('cni configuration file ignored', { file, error: describeError(error) });
    }
    const networks = loaded.networks.map(({ name }) => name);
    this.#logger.info('cni configuration loaded', { directory: this.#directory, networks });
    this.#onChange();
  }

  /** Watches the directory; one that was replaced by another of the same name needs a new watcher. */
  async #watchAgain(): Promise<void> {
    const inode = await inodeOf(this.#directory);
    if (inode === this.#watchedInode && this.#watcher !== undefined) return;
    this.#unwatch();
    if (inode === undefined || this.#closed) return;
    try {
      this.#watcher = watch(this.#directory, { persistent: false }, () => this.#schedule(this.#debounceMs));
      this.#watcher.on('error', () => this.#unwatch());
      this.#watchedInode = inode;
    } catch (error) {
      this.#logger.debug('cni configuration directory is polled', { error: describeError(error) });
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#watchedInode = undefined;
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.reload().then(() => this.#schedule(this.#rescanMs)), delayMs);
    this.#timer.unref();
  }
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
