import { join } from 'node:path';
import type { ExecSpec } from '@crihub/contract';
import type { ContainerId } from '@crihub/kernel';
import { execProcess, type OciProcess, serializeOci } from '@crihub/service-oci';
import { processFile } from '../container/container-creation.ts';
import type { Files } from '../execution/executor.ts';
import type { ContainerLayout } from '../layout.ts';

/** The directory of one exec, with its specification. */
export interface ExecFiles {
  readonly directory: string;
  readonly processFile: string;
  readonly pidFile: string;
}

/** Writes the specifications of further processes, each like its container's first one. */
export class ExecProcesses {
  readonly #layout: Pick<ContainerLayout, 'bundle'>;
  readonly #files: Files;
  /** Parsed once; the container's removal lets go of it. */
  readonly #firstProcesses = new Map<ContainerId, OciProcess>();
  #written = 0;

  constructor({
    layout,
    files,
  }: {
    readonly layout: Pick<ContainerLayout, 'bundle'>;
    readonly files: Files;
  }) {
    this.#layout = layout;
    this.#files = files;
  }

  async write(id: ContainerId, exec: ExecSpec): Promise<ExecFiles> {
    const first = await this.#firstProcess(id);
    this.#written += 1;
    const name = `exec-${String(process.pid)}-${String(this.#written)}`;
    const directory = join(this.#layout.bundle(id), name);
    const paths = {
      directory,
      processFile: join(directory, 'process.json'),
      pidFile: join(directory, 'pid'),
    };
    await this.#files.makeDirectory(directory);
    await this.#files.write(paths.processFile, serializeOci(execProcess(first, exec)));
    return paths;
  }

  forget(id: ContainerId): void {
    this.#firstProcesses.delete(id);
  }

  async #firstProcess(id: ContainerId): Promise<OciProcess> {
    const known = this.#firstProcesses.get(id);
    if (known !== undefined) return known;
    const content = await this.#files.read(processFile(this.#layout.bundle(id)));
    const first = JSON.parse(content ?? '', exactNumbers) as OciProcess;
    this.#firstProcesses.set(id, first);
    return first;
  }
}

/** A limit such as 2^64 - 1 is more than a number can hold. */
function exactNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value;
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}
