import { rm } from 'node:fs/promises';
import type {
  PodNetworkAttachment,
  PreparedSandbox,
  Resources,
  Sandbox,
  SandboxOperations,
  StartedSandbox,
} from '@crihub/contract';
import { describeError, type Logger, RuntimeError, type SandboxId } from '@crihub/kernel';
import type { PinnedNamespaces } from '@crihub/linux';
import type { JsonRecords, LocalExecutor } from '@crihub/service-oci-containers';
import { notFound, podCgroup, wrongState } from '@crihub/service-sandbox';
import type { GuestContainers } from '../guest/guest-containers.ts';
import type { KataLayout } from '../layout.ts';
import { cpusOf, machineSize } from '../machine/machine-size.ts';
import type { MachinePlan } from '../machine/machine-source.ts';
import type { Machines } from '../machine/machines.ts';
import type { MachineSize } from '../machine/qemu-arguments.ts';
import { killQemu } from '../machine/qemu-process.ts';
import type { RunningMachines } from './running-machines.ts';
import type { LiveRecord, SandboxRecord } from './sandbox-record.ts';
import { refuseUnsupported } from './unsupported.ts';

export interface KataSandboxesOptions {
  readonly bootId: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
  readonly size: MachineSize;
}

export interface KataSandboxesDependencies {
  readonly records: JsonRecords<SandboxId, SandboxRecord>;
  readonly layout: KataLayout;
  readonly executor: LocalExecutor;
  readonly namespaces: PinnedNamespaces;
  readonly machines: Machines;
  readonly running: RunningMachines;
  readonly containers: GuestContainers;
  readonly logger: Logger;
}

/** Pods as virtual machines. QEMU starts with `prepare`, so that the guest boots while the network attaches. */
export class KataSandboxes implements SandboxOperations {
  readonly #options: KataSandboxesOptions;
  readonly #dependencies: KataSandboxesDependencies;

  constructor(options: KataSandboxesOptions, dependencies: KataSandboxesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async prepare(sandbox: Sandbox, signal: AbortSignal): Promise<PreparedSandbox> {
    signal.throwIfAborted();
    refuseUnsupported(sandbox);
    const { records, layout } = this.#dependencies;
    const known = records.get(sandbox.id);
    if (known?.step === 'stopped' || this.#isOfAnotherBoot(known)) {
      throw wrongState('prepare', 'sandbox', sandbox.id, 'stopped', 'a new one');
    }
    if (known === undefined || known.step === 'preparing') await this.#make(sandbox, known, signal);
    return { networkNamespace: layout.networkNamespace(sandbox.id) };
  }

  async start(
    sandbox: Sandbox,
    network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<StartedSandbox> {
    signal.throwIfAborted();
    const { records } = this.#dependencies;
    const record = records.get(sandbox.id);
    if (record === undefined) throw notFound('start', 'sandbox', sandbox.id);
    if (this.#isOfAnotherBoot(record) || !('process' in record)) {
      throw wrongState('start', 'sandbox', sandbox.id, record.step, 'prepared');
    }
    if (record.step === 'running') return { pid: record.process.pid, cgroup: record.cgroup };
    return await this.#bringUp(record, network, signal);
  }

  async stop(id: SandboxId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { records, containers, running } = this.#dependencies;
    const record = records.get(id);
    if (record === undefined) return;
    running.release(id);
    // Before it is written down as stopped: who tries again after a failure must find the process.
    if ('process' in record && !this.#isOfAnotherBoot(record)) await killQemu(record.process);
    if (record.step !== 'preparing') await records.write(id, stopped(record));
    await containers.guestEnded(id);
  }

  async remove(id: SandboxId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { records, containers, machines, namespaces, layout, executor, running } = this.#dependencies;
    const record = records.get(id);
    if (record === undefined) return;
    running.release(id);
    await machines.remove(id);
    await containers.guestEnded(id);
    await containers.forgetSandbox(id, signal);
    await containers.share(id).remove();
    await namespaces.remove(layout.networkNamespace(id), signal);
    await executor.cgroups.kill(machineCgroup(record), signal);
    await executor.cgroups.remove(machineCgroup(record), signal);
    // The kubelet's own cgroup is the kubelet's to remove, and systemd's parent of pods without one is shared.
    const isOwn = record.sandbox.cgroupParent === '' && this.#options.cgroupDriver === 'cgroupfs';
    if (isOwn) await executor.cgroups.remove(record.cgroup, signal);
    await rm(layout.sandbox(id), { recursive: true, force: true });
    await records.remove(id);
  }

  /** @throws Unimplemented for more than the machine was started with: its size is fixed. */
  async update(
    sandbox: Sandbox,
    { resources }: { readonly overhead: Resources; readonly resources: Resources },
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const record = this.#dependencies.records.get(sandbox.id);
    if (record === undefined) throw notFound('update', 'sandbox', sandbox.id);
    const { memoryBytes, cpus } = record.size;
    const isTooMuch = (resources.memoryLimitBytes ?? 0) > memoryBytes || cpusOf(resources) > cpus;
    if (!isTooMuch) return;
    throw new RuntimeError(
      'Unimplemented',
      `the pod's machine was started with ${String(memoryBytes)} bytes of memory and ${String(cpus)} processors, and ` +
        'can get no more while it runs',
      { operation: 'update sandbox', id: sandbox.id },
    );
  }

  async #make(sandbox: Sandbox, known: SandboxRecord | undefined, signal: AbortSignal): Promise<void> {
    const { records, namespaces, layout, machines, containers } = this.#dependencies;
    const { id } = sandbox;
    const net = layout.networkNamespace(id);
    if (known !== undefined) {
      await machines.remove(id);
      await containers.share(id).remove();
      await rm(layout.sandbox(id), { recursive: true, force: true });
      await namespaces.remove(net, signal);
    }
    const { bootId, cgroupDriver } = this.#options;
    const size = machineSize(sandbox, this.#options.size);
    const base = { sandbox, bootId, size, cgroup: podCgroup(sandbox, cgroupDriver) };
    await records.write(id, { ...base, step: 'preparing' });
    await namespaces.create({ net }, signal);
    const launched = await machines.launch(this.#planOf(base), signal);
    await records.write(id, { ...base, step: 'prepared', ...launched });
  }

  async #bringUp(
    record: LiveRecord,
    network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<StartedSandbox> {
    const { records, machines, running, containers } = this.#dependencies;
    const { sandbox, cgroup } = record;
    const plan = this.#planOf(record);
    const { machine, phases } = await machines.bringUp(plan, record, network, signal);
    running.hold(machine);
    const { process } = machine;
    try {
      await containers.guestStarted(machine, sandbox, signal);
      await records.write(sandbox.id, { ...record, step: 'running', process, guestBootId: machine.bootId });
    } catch (error) {
      running.release(sandbox.id);
      await machine.kill();
      await containers.guestEnded(sandbox.id);
      throw error;
    }
    return { pid: process.pid, cgroup, phases };
  }

  /**
   * Takes over the machines of an earlier daemon, side by side. One whose guest does not answer is kept; one whose
   * QEMU does not is ended.
   */
  async adopt(signal: AbortSignal): Promise<void> {
    const { records } = this.#dependencies;
    await Promise.all(
      records.entries().map(async ([id, record]) => await this.#adoptOne(id, record, signal)),
    );
  }

  async #adoptOne(id: SandboxId, record: SandboxRecord, signal: AbortSignal): Promise<void> {
    const { machines, running, containers, logger } = this.#dependencies;
    // One that was only prepared is shown its files already, and `start` goes on with it.
    if (record.step === 'prepared' && !this.#isOfAnotherBoot(record)) return;
    if (record.step !== 'running' || this.#isOfAnotherBoot(record)) return await containers.guestEnded(id);
    try {
      const machine = await machines.adopt(id, record, signal);
      if (machine === undefined) return await containers.guestEnded(id);
      running.hold(machine);
      await containers.guestStarted(machine, record.sandbox, signal);
    } catch (error) {
      signal.throwIfAborted();
      logger.error('the QEMU of a pod does not answer and is ended', {
        sandbox: id,
        error: describeError(error),
      });
      running.release(id);
      await killQemu(record.process);
      await containers.guestEnded(id);
    }
  }

  #planOf({ sandbox, size, cgroup }: Pick<SandboxRecord, 'sandbox' | 'size' | 'cgroup'>): MachinePlan {
    const networkNamespace = this.#dependencies.layout.networkNamespace(sandbox.id);
    return { sandbox, size, networkNamespace, cgroup: machineCgroup({ cgroup, sandbox }) };
  }

  #isOfAnotherBoot(record: SandboxRecord | undefined): boolean {
    return record !== undefined && record.bootId !== this.#options.bootId;
  }
}

/** Below the pod's, where it counts to the pod's limits; or beside others, where pods have one parent. */
const machineCgroup = ({ cgroup, sandbox }: Pick<SandboxRecord, 'cgroup' | 'sandbox'>): string =>
  `${cgroup}/crihub-machine-${sandbox.id.slice(0, 16)}`;

const stopped = ({ sandbox, bootId, cgroup, size }: SandboxRecord): SandboxRecord => ({
  sandbox,
  bootId,
  cgroup,
  size,
  step: 'stopped',
});
