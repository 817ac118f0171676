import { join } from 'node:path';
import type { ExecSpec } from '@crihub/contract';
import type { ContainerId } from '@crihub/kernel';
import { execProcess, type OciProcess, serializeOci } from '@crihub/service-oci';
import { processFile } from '../container/container-creation.ts';
import type { Files } from '../execution/executor.ts';
import type { Layout } from '../layout.ts';

/** The files with which the OCI runtime is asked to run a further process. */
export interface ExecFiles {
  readonly processFile: string;
  readonly pidFile: string;
}

/** Writes the specifications of further processes, each like its container's first one. */
export class ExecProcesses {
  readonly #layout: Layout;
  readonly #files: Files;
  /** Parsed once; the container's removal lets go of it. */
  readonly #firstProcesses = new Map<ContainerId, OciProcess>();
  #written = 0;

  constructor({ layout, files }: { readonly layout: Layout; readonly files: Files }) {
    this.#layout = layout;
    this.#files = files;
  }

  async write(id: ContainerId, exec: ExecSpec): Promise<ExecFiles> {
    const process = execProcess(await this.#firstProcess(id), exec);
    this.#written += 1;
    const name = join(this.#layout.bundle(id), `exec-${String(globalThis.process.pid)}-${String(this.#written)}`);
    const paths = { processFile: `${name}.json`, pidFile: `${name}.pid` };
    await this.#files.write(paths.processFile, serializeOci(process));
    return paths;
  }

  forget(id: ContainerId): void {
    this.#firstProcesses.delete(id);
  }

  async #firstProcess(id: ContainerId): Promise<OciProcess> {
    const known = this.#firstProcesses.get(id);
    if (known !== undefined) return known;
    const content = await this.#files.read(processFile(this.#layout.bundle(id)));
    const process = JSON.parse(content ?? '', exactNumbers) as OciProcess;
    this.#firstProcesses.set(id, process);
    return process;
  }
}

/** A limit such as 2^64 - 1 is more than a number can hold. */
function exactNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value;
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}
