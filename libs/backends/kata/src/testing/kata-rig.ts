import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container, Resources } from '@crihub/contract';
import { silentLogger, systemClock } from '@crihub/kernel';
import { commandLineOf, listPids } from '@crihub/linux';
import { MachineRig, RigMachine } from '@crihub/service-sandbox/testing';
import { KataBackend } from '../kata-backend.ts';
import { type KataOptions, kataOptions } from '../options.ts';

/** Where `npm run guest` puts it. */
export const GUEST_DIRECTORY = join(import.meta.dirname, '../../../../../.cache/guest');

/** A kata backend on this machine, with all of its files below one directory. */
export class KataRig extends MachineRig<KataBackend> {
  readonly #options: KataOptions;

  /** In a directory of its own, or in that of a rig whose process is gone. */
  static async start(options: Partial<KataOptions> = {}, directory?: string): Promise<KataRig> {
    const machine = await RigMachine.start(directory ?? (await mkdtemp(join(tmpdir(), 'crihub-kata-'))));
    return await new KataRig(machine, options).launch();
  }

  private constructor(machine: RigMachine, options: Partial<KataOptions>) {
    super(machine);
    this.#options = {
      ...kataOptions.parse({
        guestDirectory: GUEST_DIRECTORY,
        networkNamespaceDirectory: join(machine.directory, 'netns'),
        accelerator: 'tcg',
        // Making one takes a boot more: tests that want it say so.
        template: false,
      }),
      ...options,
    };
  }

  /** What a shell in the guest of a container's pod prints; nothing if its machine has ended. */
  async askGuest({ sandboxId }: Container, script: string): Promise<string> {
    const reply = await this.backend.containers.executorOf(sandboxId)?.shell.run(script);
    return reply?.output ?? '';
  }

  override async countProcesses(container: Container, word: string): Promise<number> {
    const list = 'tr "\\0" " " < /proc/$p/cmdline; echo';
    const procs = `/sys/fs/cgroup/crihub/${container.id}/cgroup.procs`;
    const lines = await this.askGuest(container, `for p in $(cat ${procs}); do ${list}; done 2>/dev/null`);
    return lines.split('\n').filter((line) => line.includes(word)).length;
  }

  override async readLimits(
    container: Container,
  ): Promise<Pick<Resources, 'memoryLimitBytes' | 'cpuQuotaUs'>> {
    const group = `/sys/fs/cgroup/crihub/${container.id}`;
    const [memory, cpu = ''] = (
      await this.askGuest(container, `cat ${group}/memory.max ${group}/cpu.max`)
    ).split('\n');
    return { memoryLimitBytes: Number(memory), cpuQuotaUs: Number(cpu.split(' ')[0]) };
  }

  async leaks(): Promise<readonly string[]> {
    await this.backend.settled(); // a machine that is made a template is nobody's leak
    const commands = await Promise.all((await listPids()).map(commandLineOf));
    const machines = commands.filter((words) =>
      words.some((word) => word.includes(`${this.directory}/run/`)),
    );
    return [
      ...machines.map((words) => `process ${words.slice(0, 8).join(' ')}`),
      ...(await this.machine.leaks(OWN_DIRECTORIES)),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend.close();
    await this.machine[Symbol.asyncDispose]();
  }

  protected override makeBackend(): KataBackend {
    const { cgroups, namespaces, mounts, host } = this.machine;
    return new KataBackend(
      {
        ...this.#options,
        stateDirectory: join(this.directory, 'state'),
        runDirectory: join(this.directory, 'run'),
        cgroupDriver: 'cgroupfs',
      },
      {
        logger: silentLogger,
        clock: systemClock,
        host,
        cgroups,
        namespaces,
        mounts,
      },
    );
  }
}

const OWN_DIRECTORIES = [
  'state/sandboxes',
  'state/containers',
  'state/pauses',
  'run/pods',
  'run/spares',
  'netns',
];
