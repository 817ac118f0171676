import { errnoCode, type Logger, withDeadline } from '@crihub/kernel';
import type { InterfaceStatistics } from '@crihub/linux';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { attempt } from './attempt.ts';

/** Reads the interfaces in a network namespace that is pinned at a path. */
export interface InterfaceReader {
  read(namespacePath: string, signal: AbortSignal): Promise<readonly InterfaceStatistics[]>;
}

export interface PodInterfacesDeps {
  readonly interfaces: InterfaceReader;
  readonly logger: Logger;
}

const LONGEST_MS = 2_000;
/** What a network namespace answers that is let go of: no file, or a file that is no namespace any more. */
const GONE = new Set(['ENOENT', 'EINVAL']);

/** The interfaces that carry a pod's traffic: all but its loopback. */
export class PodInterfaces {
  readonly #deps: PodInterfacesDeps;

  constructor(deps: PodInterfacesDeps) {
    this.#deps = deps;
  }

  /** `undefined` for a pod without a network of its own, and if its interfaces can't be read now. */
  async read(
    { id, network }: Pick<SandboxRecord, 'id' | 'network'>,
    signal: AbortSignal,
  ): Promise<readonly InterfaceStatistics[] | undefined> {
    if (network.state !== 'attached') return undefined;
    const { logger } = this.#deps;
    const what = 'the interfaces of a pod';
    const all = await attempt(
      { logger, what, id },
      () =>
        withDeadline(`reading ${what}`, LONGEST_MS, signal, (deadline) =>
          this.#readIfThere(network.namespacePath, deadline),
        ),
      signal,
    );
    return all?.filter(({ name }) => name !== 'lo');
  }

  async #readIfThere(
    namespacePath: string,
    signal: AbortSignal,
  ): Promise<readonly InterfaceStatistics[] | undefined> {
    try {
      return await this.#deps.interfaces.read(namespacePath, signal);
    } catch (error) {
      if (GONE.has(errnoCode(error) ?? '')) return undefined;
      throw error;
    }
  }
}
