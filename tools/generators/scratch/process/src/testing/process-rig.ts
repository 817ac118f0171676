import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container } from '@crihub/contract';
import { silentLogger, systemClock } from '@crihub/kernel';
import { commandLineOf, listPids } from '@crihub/linux';
import { MachineRig, RigMachine } from '@crihub/service-sandbox/testing';
import { ProcessBackend } from '../process-backend.ts';
import { processOptions } from '../options.ts';

/** The backend on this machine, with all of its files below one directory. */
export class ProcessRig extends MachineRig<ProcessBackend> {
  static async start(): Promise<ProcessRig> {
    const directory = await mkdtemp(join(tmpdir(), 'crihub-process-'));
    return await new ProcessRig(await RigMachine.start(directory)).launch();
  }

  protected makeBackend(): ProcessBackend {
    return new ProcessBackend(
      processOptions.parse({}),
      {
        handler: 'process',
        instance: this.directory,
        stateDirectory: join(this.directory, 'state'),
        runDirectory: join(this.directory, 'run'),
        cgroupDriver: 'cgroupfs',
      },
      { logger: silentLogger, clock: systemClock },
    );
  }

  /** Of all processes of this machine: a backend with cgroups of its own asks those. */
  override async countProcesses(_container: Container, word: string): Promise<number> {
    return (await commandLines()).filter((line) => line.includes(word)).length;
  }

  /** Processes whose command line names this rig's directory: the container's root filesystem is there. */
  async leaks(): Promise<readonly string[]> {
    const left = (await commandLines()).filter((line) => line.some((word) => word.startsWith(this.directory)));
    return left.map((line) => `process ${line.join(' ')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend.close();
    await this.machine[Symbol.asyncDispose]();
  }
}

const commandLines = async (): Promise<readonly (readonly string[])[]> =>
  await Promise.all((await listPids()).map(commandLineOf));
