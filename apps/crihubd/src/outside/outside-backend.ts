import type {
  Backend,
  BackendPackage,
  BackendPlacement,
  BackendServices,
  OptionsResult,
} from '@crihub/contract';
import { describeError, isRuntimeError, RuntimeError, untilAborted } from '@crihub/kernel';
import { findPackage, type FoundPackage } from './find-package.ts';
import { GuardedBackend } from './guarded-backend.ts';
import { loadPackage } from './load-package.ts';
import { rememberPackage } from './loaded-packages.ts';
import { UnusableBackend } from './unusable-backend.ts';

const VALIDATE_MS = 5_000;

type Options = { readonly value: unknown } | { readonly mistakes: readonly string[] };

/** A backend package by its name. */
export class OutsideBackend {
  readonly name: string;
  readonly #found: FoundPackage;

  private constructor(name: string, found: FoundPackage) {
    this.name = name;
    this.#found = found;
  }

  /** @returns undefined if no package of this name is installed below the directory. */
  static async find(name: string, directory: string): Promise<OutsideBackend | undefined> {
    const found = await findPackage(name, directory);
    return found && new OutsideBackend(name, found);
  }

  /**
   * Checks the options of a handler.
   * @returns one line for each mistake. @throws FailedPrecondition if the package can't be used at all.
   */
  async check(options: unknown, prefix: string): Promise<readonly string[]> {
    const checked = await this.#validate(await this.#load(), options, prefix);
    return 'mistakes' in checked ? checked.mistakes : [];
  }

  /** Makes the backend of a handler. A package that can't be used gives a backend that says so. */
  async make(options: unknown, placement: BackendPlacement, services: BackendServices): Promise<Backend> {
    try {
      const loaded = await this.#load();
      const checked = await this.#validate(loaded, options, placement.handler);
      if ('mistakes' in checked) throw new RuntimeError('InvalidArgument', checked.mistakes.join('; '));
      return new GuardedBackend(this.name, loaded.create(checked.value, placement, services));
    } catch (cause) {
      const message = isRuntimeError(cause)
        ? describeError(cause)
        : `backend package ${this.name} could not be made: ${describeError(cause)}`;
      services.logger.error('a backend package can not be used', { package: this.name, error: message });
      return new UnusableBackend(this.name, message);
    }
  }

  async #load(): Promise<BackendPackage> {
    rememberPackage(this.name, this.#found.directory);
    return await loadPackage(this.name, this.#found);
  }

  async #validate({ options: schema }: BackendPackage, options: unknown, prefix: string): Promise<Options> {
    let result: OptionsResult;
    try {
      const validation = (async () => await schema['~standard'].validate(options))();
      result = await untilAborted(validation, AbortSignal.timeout(VALIDATE_MS));
    } catch (cause) {
      throw new RuntimeError(
        'FailedPrecondition',
        `backend package ${this.name} can't check its options: ${describeError(cause)}`,
        { cause },
      );
    }
    if (result.issues === undefined) return { value: result.value };
    return { mistakes: result.issues.map(({ message, path = [] }) => lineOf(prefix, path, message)) };
  }
}

type IssuePath = readonly (PropertyKey | { readonly key: PropertyKey })[];

function lineOf(prefix: string, path: IssuePath, message: string): string {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return `${[prefix, ...keys].join('.')}: ${message}`;
}
