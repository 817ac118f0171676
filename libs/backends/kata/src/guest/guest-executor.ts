import type { Duplex } from 'node:stream';
import type { Executor, MachineProcess } from '@crihub/service-oci-containers';
import type { RunOptions, RunResult, SpawnOptions } from '@crihub/transport/process';
import type { SshConnection, SshProcess } from '@crihub/transport/ssh';
import { GuestCgroups } from './guest-cgroups.ts';
import { GuestFiles } from './guest-files.ts';
import { GuestProcesses } from './guest-processes.ts';
import { GuestShell } from './guest-shell.ts';
import type { Guest } from './guest.ts';
import { connectRelay } from './seqpacket-relay.ts';
import { commandLine, quoted } from './shell-words.ts';

const CONNECT_TIMEOUT_MS = 15_000;
/** As conmon says of a container whose end nobody saw. */
export const LOST_EXIT_CODE = 255;
/** The program of the guest that relays a SOCK_SEQPACKET socket. */
const RELAY = '/usr/bin/attach-relay';

/** The guest of a pod, over its one SSH connection. */
export class GuestExecutor implements Executor {
  readonly shell: GuestShell;
  readonly files: GuestFiles;
  readonly processes: GuestProcesses;
  readonly cgroups: GuestCgroups;
  readonly #guest: Guest;

  constructor({ guest }: { readonly guest: Guest }) {
    this.#guest = guest;
    this.shell = new GuestShell({ open: () => this.#start('exec sh', { stdin: true }) });
    this.files = new GuestFiles(this);
    this.processes = new GuestProcesses(this);
    this.cgroups = new GuestCgroups(this);
  }

  /** The live connection. @throws Unavailable. */
  async connection(signal: AbortSignal): Promise<SshConnection> {
    return await this.#guest.ssh(signal);
  }

  async bootId(): Promise<string> {
    return this.#guest.bootId;
  }

  async run(program: string, { args, env, cwd, ...options }: RunOptions): Promise<RunResult> {
    const connection = await this.#guest.ssh(options.signal ?? AbortSignal.timeout(CONNECT_TIMEOUT_MS));
    return await connection.run(commandLine(program, { args, env, cwd }), options);
  }

  async spawn(program: string, { args, env, cwd, stdin = false }: SpawnOptions): Promise<MachineProcess> {
    const process = await this.#start(commandLine(program, { args, env, cwd }), { stdin });
    const { stdin: input, stdout, stderr, exited } = process;
    return {
      stdin: input,
      stdout,
      stderr,
      // Of a connection that was cut nobody learns more; the next call for the guest says so.
      exited: exited.catch(() => LOST_EXIT_CODE),
      killGroup: () => process.kill(),
    };
  }

  /** Starts a program on a terminal of this size. */
  async spawnOnTerminal(
    program: string,
    args: readonly string[],
    terminal: { readonly width: number; readonly height: number },
  ): Promise<SshProcess> {
    return await this.#start(commandLine(program, { args }), { stdin: true, terminal });
  }

  async connectSeqpacket(path: string): Promise<Duplex> {
    return await connectRelay(await this.#start(`exec ${RELAY} ${quoted(path)}`, { stdin: true }));
  }

  close(): void {
    this.shell.close();
  }

  async #start(...[command, options]: Parameters<StartCommand>): Promise<SshProcess> {
    const deadline = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
    const connection = await this.#guest.ssh(deadline);
    return await connection.spawn(command, options, deadline);
  }
}

type StartCommand = (
  command: string,
  options: {
    readonly stdin?: boolean;
    readonly terminal?: { readonly width: number; readonly height: number };
  },
) => Promise<SshProcess>;
