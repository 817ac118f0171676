import { access, constants, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import { BASE_ENVIRONMENT } from '@crihub/transport/process';

export interface ProgramsOptions {
  readonly runtime: string;
  readonly conmonPath: string;
  readonly pausePath: string;
}

/** The programs that this backend runs, found anew after they were installed or replaced. */
export class Programs {
  readonly #options: ProgramsOptions;
  readonly #found = new Map<string, string>();

  constructor(options: ProgramsOptions) {
    this.#options = options;
  }

  /** @throws Unavailable naming the package, if it is not installed. */
  runtime = async (): Promise<string> => await this.#find('OCI runtime', this.#options.runtime);

  /** @throws Unavailable naming the package, if it is not installed. */
  conmon = async (): Promise<string> => await this.#find('container monitor', this.#options.conmonPath);

  /** @throws Unavailable naming the package, if it is not installed. */
  pause = async (): Promise<string> => await this.#find('pause program', this.#options.pausePath);

  async #find(role: string, name: string): Promise<string> {
    const known = this.#found.get(name);
    if (known !== undefined && (await isProgram(known))) return known;
    const directories = (BASE_ENVIRONMENT['PATH'] ?? '').split(':');
    const candidates = name.startsWith('/') ? [name] : directories.map((directory) => join(directory, name));
    for (const path of candidates) {
      if (!(await isProgram(path))) continue;
      this.#found.set(name, path);
      return path;
    }
    const where = name.startsWith('/') ? name : `${name} in ${directories.join(', ')}`;
    throw new RuntimeError(
      'Unavailable',
      `the ${role} is not installed: there is no program ${where}; install the package ${basename(name)}`,
      { operation: `find the ${role}`, reason: 'ProgramNotInstalled' },
    );
  }
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false; // absent, or of no use to us
  }
}
