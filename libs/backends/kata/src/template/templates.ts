import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, errnoCode, type Logger, withDeadline } from '@crihub/kernel';
import type { Creations } from '../machine/creations.ts';
import type { SavedMachine } from '../machine/machine-state.ts';
import type { MachineSize, Platform } from '../machine/qemu-arguments.ts';
import { makeTemplate, type TemplateMakerDependencies } from './make-template.ts';
import { savedIn } from './saved-in.ts';
import {
  guestFiles,
  processorOf,
  qemuVersion,
  templateKey,
  type TemplateSurroundings,
} from './template-key.ts';

export interface TemplatesOptions {
  readonly directory: string;
  readonly bootId: string;
  readonly qemuPath: string;
}

export interface TemplatesDependencies extends TemplateMakerDependencies {
  readonly platform: (signal: AbortSignal) => Promise<Platform>;
  readonly creations: Creations;
  readonly logger: Logger;
}

type HostFacts = Pick<TemplateSurroundings, 'qemu' | 'processor'>;

/** Kept on disk; the one that was not asked for longest goes first. */
const MOST_TEMPLATES = 4;
/** A boot with the processor's time that is left. */
const MAKE_MS = 300_000;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;

/**
 * Booted guests, saved on disk, from which machines of the same size go on. Each is made in the background
 * when a machine of its size was first asked for, and anew when what it depends on has changed.
 */
export class Templates {
  readonly #options: TemplatesOptions;
  readonly #dependencies: TemplatesDependencies;
  readonly #closing = new AbortController();
  /** Keys, that asked for last at the end. */
  readonly #asked = new Set<string>();
  #host: HostFacts | undefined;
  #making: Promise<void> | undefined;
  #pauseMs = 0;
  #notBefore = 0;

  constructor(options: TemplatesOptions, dependencies: TemplatesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async start(): Promise<void> {
    await mkdir(this.#options.directory, { recursive: true, mode: 0o700 });
  }

  /** The template for machines of a size; if there is none, it is begun, and this one must boot. */
  async find(size: MachineSize, signal: AbortSignal): Promise<SavedMachine | undefined> {
    const key = await this.#keyOf(size, signal);
    this.#asked.delete(key);
    this.#asked.add(key);
    const saved = savedIn(this.#directoryOf(key));
    if (await exists(saved.state)) return saved;
    this.#begin(key, size);
    return undefined;
  }

  /** Resolves when no template is being made. */
  async settled(): Promise<void> {
    await this.#making;
  }

  /** A machine of this size could not go on from its template: it is made anew, after a pause. */
  async distrust(size: MachineSize, reason: unknown, signal: AbortSignal): Promise<void> {
    this.#failed('a machine could not be restored from its template', reason);
    await rm(this.#directoryOf(await this.#keyOf(size, signal)), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#making;
  }

  #begin(key: string, size: MachineSize): void {
    if (this.#making !== undefined || this.#closing.signal.aborted || Date.now() < this.#notBefore) return;
    this.#making = this.#make(key, size)
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#failed('a template could not be made', error);
      })
      .finally(() => (this.#making = undefined));
  }

  async #make(key: string, size: MachineSize): Promise<void> {
    const { creations, logger } = this.#dependencies;
    await creations.quiet(this.#closing.signal);
    const start = performance.now();
    await withDeadline('making a template', MAKE_MS, this.#closing.signal, async (signal) => {
      await makeTemplate(this.#directoryOf(key), size, this.#dependencies, signal);
    });
    this.#pauseMs = 0;
    logger.info('a template for machines was made', { ...size, ms: Math.round(performance.now() - start) });
    await this.#removeOld();
  }

  async #removeOld(): Promise<void> {
    const old = surplusTemplates(await readdir(this.#options.directory), [...this.#asked]);
    for (const key of old) this.#asked.delete(key);
    await Promise.all(old.map(async (key) => rm(this.#directoryOf(key), { recursive: true, force: true })));
  }

  #failed(message: string, error: unknown): void {
    this.#host = undefined; // another QEMU may be the reason
    this.#pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2), LONGEST_PAUSE_MS);
    this.#notBefore = Date.now() + this.#pauseMs;
    this.#dependencies.logger.warn(message, { error: describeError(error), nextAfterMs: this.#pauseMs });
  }

  async #keyOf(size: MachineSize, signal: AbortSignal): Promise<string> {
    const { bootId } = this.#options;
    const platform = await this.#dependencies.platform(signal);
    const [host, guest] = await Promise.all([this.#hostFacts(), guestFiles(platform)]);
    return templateKey(platform, size, { bootId, ...host, guest });
  }

  async #hostFacts(): Promise<HostFacts> {
    if (this.#host !== undefined) return this.#host;
    const version = qemuVersion(this.#options.qemuPath, this.#closing.signal);
    const [qemu, processor] = await Promise.all([version, processorOf()]);
    return (this.#host = { qemu, processor });
  }

  #directoryOf(key: string): string {
    return join(this.#options.directory, key);
  }
}

/**
 * Which templates are more than are kept. Those of an earlier daemon, which nobody has asked this one for, go first.
 *
 * @param asked that asked for last at the end
 */
export const surplusTemplates = (all: readonly string[], asked: readonly string[]): readonly string[] =>
  [...all.filter((key) => !asked.includes(key)), ...asked].slice(0, -MOST_TEMPLATES);

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return false;
    throw error;
  }
}
