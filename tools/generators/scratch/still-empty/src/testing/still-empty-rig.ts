import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container } from '@crihub/contract';
import { silentLogger, systemClock } from '@crihub/kernel';
import { commandLineOf, listPids } from '@crihub/linux';
import { MachineRig, RigMachine } from '@crihub/service-sandbox/testing';
import { StillEmptyBackend } from '../still-empty-backend.ts';
import { stillEmptyOptions } from '../options.ts';

/** The backend on this machine, with all of its files below one directory. */
export class StillEmptyRig extends MachineRig<StillEmptyBackend> {
  static async start(): Promise<StillEmptyRig> {
    const directory = await mkdtemp(join(tmpdir(), 'crihub-still-empty-'));
    return await new StillEmptyRig(await RigMachine.start(directory)).launch();
  }

  protected makeBackend(): StillEmptyBackend {
    return new StillEmptyBackend(
      stillEmptyOptions.parse({}),
      {
        handler: 'still-empty',
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
