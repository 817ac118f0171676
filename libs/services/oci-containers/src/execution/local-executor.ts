import type { Duplex } from 'node:stream';
import { type Cgroups as HostCgroups, connectSeqpacket } from '@crihub/linux';
import {
  run,
  type RunOptions,
  type RunResult,
  type SpawnOptions,
  spawnProcess,
} from '@crihub/transport/process';
import type { Executor, MachineProcess } from './executor.ts';
import { LocalCgroups } from './local-cgroups.ts';
import { LocalFiles } from './local-files.ts';
import { LocalProcesses } from './local-processes.ts';

/** This machine. */
export class LocalExecutor implements Executor {
  readonly files = new LocalFiles();
  readonly processes = new LocalProcesses();
  readonly cgroups: LocalCgroups;

  constructor({ cgroups }: { readonly cgroups: HostCgroups }) {
    this.cgroups = new LocalCgroups({ cgroups });
  }

  async bootId(): Promise<string> {
    return ((await this.files.read('/proc/sys/kernel/random/boot_id')) ?? '').trim();
  }

  async run(program: string, options: RunOptions): Promise<RunResult> {
    return await run(program, options);
  }

  async spawn(program: string, options: SpawnOptions): Promise<MachineProcess> {
    return await spawnProcess(program, options);
  }

  async connectSeqpacket(path: string): Promise<Duplex> {
    return await connectSeqpacket(path);
  }
}
