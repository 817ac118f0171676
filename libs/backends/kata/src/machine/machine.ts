import type { PodNetworkAttachment, Sandbox } from '@crihub/contract';
import { type Clock, RuntimeError, type SandboxId, SingleFlight, sleep, untilAborted } from '@crihub/kernel';
import { isAlive, type ProcessRef } from '@crihub/linux';
import { QmpConnection } from '@crihub/transport/qmp';
import { SshConnection } from '@crihub/transport/ssh';
import { z } from 'zod';
import type { Guest, SharedDirectory } from '../guest/guest.ts';
import { type Channel, openChannel } from './control-channel.ts';
import { clockScript, GUEST_SHARES, setupScript, sharesScript } from './guest-setup.ts';
import { type Identity, newIdentity, readIdentity } from './identity.ts';
import type { MachineFiles } from './machine-files.ts';
import type { MachineShares } from './qemu-arguments.ts';
import { unlessShutDown } from './unless-shut-down.ts';
import { killQemu } from './qemu-process.ts';

export interface MachineOptions {
  readonly sandboxId: SandboxId;
  readonly process: ProcessRef;
  readonly files: MachineFiles;
  readonly shares: MachineShares;
  readonly mounts: Guest['mounts'];
  readonly clock: Clock;
  /** Of a guest that was set up before; empty until `setUp` otherwise. */
  readonly bootId?: string;
}

/** Time for QEMU to be gone after its control socket has closed, in ms; then it is killed. */
const END_MS = 1_000;
const SETUP_MS = 20_000;
const RECONNECT_MS = 10_000;
/** Time for a guest to see that its connection has ended, in ms: one that comes too soon has to ask for its greeting. */
const HANG_UP_MS = 100;
const CONSOLE_BYTES = 8 * 1024;

const bootIdText = z.string().regex(/^[0-9a-f-]{36}$/);

/** A machine that runs, with its guest's control channel. */
export class Machine implements Guest {
  readonly sandboxId: SandboxId;
  readonly process: ProcessRef;
  readonly files: SharedDirectory;
  readonly reports: SharedDirectory;
  readonly mounts: Guest['mounts'];
  /**
   * Settles when QEMU has ended, by whatever cause; never after `close`. Rejects if it has no control socket
   * any more and outlives a SIGKILL.
   */
  readonly ended: Promise<void>;
  readonly #end = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  readonly #options: MachineOptions;
  readonly #qmp: QmpConnection;
  readonly #connecting = new SingleFlight<'ssh', SshConnection>();
  #ssh: SshConnection | undefined;
  #bootId: string;

  private constructor(options: MachineOptions, qmp: QmpConnection) {
    const { sandboxId, process, shares, mounts, bootId = '' } = options;
    this.#options = options;
    this.sandboxId = sandboxId;
    this.process = process;
    this.files = { host: shares.files, guest: GUEST_SHARES.files };
    this.reports = { host: shares.reports, guest: GUEST_SHARES.reports };
    this.mounts = mounts;
    this.#bootId = bootId;
    this.#qmp = qmp;
    this.ended = this.#end.promise;
    this.ended.catch(() => undefined); // for those who don't wait
    void Promise.race([qmp.closed, qmp.shutDown]).then(async () => this.#lost());
  }

  /** Takes hold of a machine whose QEMU runs. Its guest may still boot. */
  static async attach(options: MachineOptions, signal: AbortSignal): Promise<Machine> {
    return new Machine(options, await QmpConnection.open(options.files.qmp, signal));
  }

  get bootId(): string {
    return this.#bootId;
  }

  /**
   * Waits until the guest greets: soon if it was restored, and when it has booted if not.
   * @throws Unavailable if it has shut down.
   */
  async untilGreeted(origin: 'boot' | 'restore', signal: AbortSignal): Promise<Channel> {
    const booted = openChannel(this.#options.files.channel, origin === 'boot', signal);
    return await untilAborted(unlessShutDown(this.#qmp, booted), signal);
  }

  /** Logs in on a channel to a guest that has just booted, or had before. */
  async logIn({ stream, greeting }: Channel, signal: AbortSignal): Promise<void> {
    const isNew = greeting === 'new';
    const { identity, line } = isNew
      ? await newIdentity(this.#options.files.identity, this.#options.clock.nowNs())
      : { identity: await readIdentity(this.#options.files.identity), line: 'connect\n' };
    stream.write(line);
    this.#ssh = await this.#openSsh(stream, identity, signal);
  }

  /** Shows the guest what it shares with this host; a part of `setUp` that needs no pod. */
  async mountShares(signal: AbortSignal): Promise<void> {
    await this.#ask(sharesScript(), signal);
  }

  /** Makes the guest the pod's: clock, mounts, host name, network, sysctls. */
  async setUp(
    sandbox: Sandbox,
    network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    await this.ssh(signal); // before the time is asked for
    const script = [clockScript(this.#options.clock.nowNs()), sharesScript(), setupScript(sandbox, network)];
    this.#bootId = await this.#ask(script.join('\n'), signal);
  }

  /** The same machine, with its connections, as the pod's that it is given to. This object is of no use any more. */
  giveTo(owner: Pick<MachineOptions, 'sandboxId' | 'files' | 'shares'>): Machine {
    this.#closing.abort();
    const machine = new Machine({ ...this.#options, ...owner }, this.#qmp);
    machine.#ssh = this.#ssh;
    return machine;
  }

  async ssh(signal: AbortSignal): Promise<SshConnection> {
    if (this.#ssh?.isOpen === true) return this.#ssh;
    return await this.#connecting.run('ssh', async () => await this.#reconnect(), signal);
  }

  /** The end of what the guest's kernel has printed. */
  async console(signal: AbortSignal): Promise<string> {
    const text = await this.#qmp.execute('ringbuf-read', { device: 'console', size: 65_536 }, signal);
    return z.string().parse(text).slice(-CONSOLE_BYTES);
  }

  /** SIGKILL to QEMU; resolves when it is gone. @throws Unavailable if it does not go. */
  async kill(): Promise<void> {
    await killQemu(this.process);
    this.#end.resolve();
    await this.close();
  }

  /** Lets go of the machine, which runs on. */
  async close(): Promise<void> {
    // QEMU takes one client at a time: a connection that is made yet would keep the next daemon out.
    this.#closing.abort();
    this.#qmp.close();
    await this.#ssh?.close();
  }

  /** Runs a script in the guest. @returns the guest's boot id. */
  async #ask(script: string, signal: AbortSignal): Promise<string> {
    const ssh = await this.ssh(signal);
    const whole = `set -e\n${script}\ncat /proc/sys/kernel/random/boot_id`;
    const { exitCode, stdout, stderr } = await ssh.run(whole, { signal, timeoutMs: SETUP_MS });
    const { success, data } = bootIdText.safeParse(stdout.toString().trim());
    if (exitCode === 0 && success) return data;
    const message = `the guest could not be set up: ${stderr.toString().trim().slice(-500)}`;
    throw new RuntimeError('Unavailable', message, { reason: 'BootFailed', id: this.sandboxId });
  }

  async #reconnect(): Promise<SshConnection> {
    const signal = AbortSignal.any([AbortSignal.timeout(RECONNECT_MS), this.#closing.signal]);
    try {
      if (this.#ssh !== undefined) await sleep(HANG_UP_MS, signal);
      const { stream, greeting } = await openChannel(this.#options.files.channel, false, signal);
      if (greeting === 'new') {
        stream.destroy();
        throw new RuntimeError('Unavailable', 'the guest has forgotten who it is');
      }
      await this.logIn({ stream, greeting }, signal);
    } catch (cause) {
      const message = `the guest of pod ${this.sandboxId} can't be reached`;
      throw new RuntimeError('Unavailable', message, { reason: 'SshUnreachable', cause });
    }
    if (this.#ssh === undefined) throw new RuntimeError('Internal', 'a login left no connection');
    return this.#ssh;
  }

  async #openSsh(
    stream: Channel['stream'],
    { privateKey, hostKey }: Identity,
    signal: AbortSignal,
  ): Promise<SshConnection> {
    const server = `the guest of pod ${this.sandboxId.slice(0, 12)}`;
    return await SshConnection.open({ server, stream, username: 'root', privateKey, hostKey }, signal);
  }

  async #lost(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    for (const end = Date.now() + END_MS; Date.now() < end && (await isAlive(this.process));) await sleep(10);
    // A guest that has shut down leaves a QEMU that waits; one without a control socket can't be kept either.
    await killQemu(this.process).then(this.#end.resolve, this.#end.reject);
    await this.close();
  }
}
