import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@crihub/kernel';
import { commandLineOf, type HostFacts, listPids } from '@crihub/linux';
import { CdiRegistry } from '@crihub/service-oci';
import { MachineRig, RigMachine } from '@crihub/service-sandbox/testing';
import { type RuncOptions, runcOptions } from '../options.ts';
import { RuncBackend } from '../runc-backend.ts';

/** A runc backend on this machine, with all of its files below one directory. */
export class RuncRig extends MachineRig<RuncBackend> {
  readonly #options: RuncOptions;
  #host: HostFacts;

  static async start(options: Partial<RuncOptions> = {}): Promise<RuncRig> {
    const machine = await RigMachine.start(await mkdtemp(join(tmpdir(), 'crihub-runc-')));
    return await new RuncRig(machine, options).launch();
  }

  private constructor(machine: RigMachine, options: Partial<RuncOptions>) {
    super(machine);
    this.#host = machine.host;
    this.#options = {
      ...runcOptions.parse({ networkNamespaceDirectory: join(machine.directory, 'netns') }),
      ...options,
    };
  }

  /** As if the machine had lost its power: nothing runs, nothing is mounted, and its memory is empty. */
  async reboot(): Promise<RuncBackend> {
    return await this.reopen(async () => {
      await this.machine.killPods();
      await this.machine.mounts.unmountUnder(this.directory);
      await rm(join(this.directory, 'run'), { recursive: true });
      await rm(join(this.directory, 'netns'), { recursive: true });
      this.#host = { ...this.#host, bootId: randomUUID() };
    });
  }

  /** Takes the watched directory away. */
  async interruptEvents(): Promise<void> {
    const exits = join(this.directory, 'run/exits');
    await rename(exits, `${exits}.old`);
    await mkdir(exits);
  }

  async leaks(): Promise<readonly string[]> {
    const commands = await Promise.all((await listPids()).map(commandLineOf));
    const conmons = commands.filter((words) =>
      words.some((word) => word.startsWith(`${this.directory}/run/`)),
    );
    return [
      ...conmons.map((words) => `process ${words.slice(0, 8).join(' ')}`),
      ...(await this.machine.leaks(OWN_DIRECTORIES)),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend.close();
    await this.machine[Symbol.asyncDispose]();
  }

  protected override makeBackend(): RuncBackend {
    const { cgroups, namespaces, mounts } = this.machine;
    return new RuncBackend(
      {
        ...this.#options,
        stateDirectory: join(this.directory, 'state'),
        runDirectory: join(this.directory, 'run'),
        cgroupDriver: 'cgroupfs',
      },
      {
        logger: silentLogger,
        clock: systemClock,
        host: this.#host,
        cgroups,
        namespaces,
        mounts,
        cdi: new CdiRegistry(),
      },
    );
  }
}

const OWN_DIRECTORIES = [
  'state/sandboxes',
  'state/containers',
  'run/sandboxes',
  'run/bundles',
  'run/exits',
  'run/runtime',
  'netns',
];
