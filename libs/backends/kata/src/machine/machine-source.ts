import type { Sandbox } from '@crihub/contract';
import { describeError, type Logger, type SandboxId } from '@crihub/kernel';
import type { ProcessRef } from '@crihub/linux';
import { PodShare } from '../guest/pod-share.ts';
import type { Templates } from '../template/templates.ts';
import type { Launcher } from './launcher.ts';
import type { MachineOrigin } from './machine-origin.ts';
import { machinePlace } from './machine-place.ts';
import type { SavedMachine } from './machine-state.ts';
import type { MachineSize } from './qemu-arguments.ts';
import { killQemu } from './qemu-process.ts';

export interface MachineSourceDependencies {
  readonly launcher: Launcher;
  /** Absent: every machine boots. */
  readonly templates: Templates | undefined;
  readonly logger: Logger;
  /** The directory of a pod's own. */
  readonly directoryOf: (id: SandboxId) => string;
}

/** What one machine is started with. */
export interface MachinePlan {
  readonly sandbox: Sandbox;
  readonly size: MachineSize;
  readonly networkNamespace: string;
  /** Path of the cgroup that the machine is charged to. */
  readonly cgroup: string;
}

/** A machine whose QEMU runs. */
export interface LaunchedMachine {
  readonly process: ProcessRef;
  readonly origin: MachineOrigin;
}

/** Starts the machines of pods: from a template where there is one, and else, or if that fails, by a boot. */
export class MachineSource {
  readonly #dependencies: MachineSourceDependencies;

  constructor(dependencies: MachineSourceDependencies) {
    this.#dependencies = dependencies;
  }

  async launch(plan: MachinePlan, signal: AbortSignal): Promise<LaunchedMachine> {
    const template = await this.#findTemplate(plan, signal);
    if (template === undefined) return await this.#boot(plan, signal);
    try {
      return { process: await this.#start(plan, template, signal), origin: 'restore' };
    } catch (error) {
      signal.throwIfAborted();
      await this.#dependencies.templates?.distrust(plan.size, error, signal);
      return await this.#boot(plan, signal);
    }
  }

  /** Another machine in place of one that did not come up, which is ended. */
  async replace(
    plan: MachinePlan,
    { process, origin }: LaunchedMachine,
    error: unknown,
    signal: AbortSignal,
  ): Promise<LaunchedMachine> {
    const { logger, templates } = this.#dependencies;
    const fields = { sandbox: plan.sandbox.id, origin, error: describeError(error) };
    logger.warn('a machine did not come up, and another one is started', fields);
    await killQemu(process);
    if (origin === 'pool') return await this.launch(plan, signal);
    if (origin === 'restore') await templates?.distrust(plan.size, error, signal);
    return await this.#boot(plan, signal);
  }

  async #boot(plan: MachinePlan, signal: AbortSignal): Promise<LaunchedMachine> {
    return { process: await this.#start(plan, undefined, signal), origin: 'boot' };
  }

  async #start(plan: MachinePlan, from: SavedMachine | undefined, signal: AbortSignal): Promise<ProcessRef> {
    const { sandbox, size, networkNamespace, cgroup } = plan;
    const { launcher, directoryOf } = this.#dependencies;
    const place = machinePlace(directoryOf(sandbox.id));
    await new PodShare(place.shares).open();
    return await launcher.start({ ...place, size, networkNamespace, cgroup, ...(from && { from }) }, signal);
  }

  /** A template spares time and memory; without one a pod has its machine all the same. */
  async #findTemplate(plan: MachinePlan, signal: AbortSignal): Promise<SavedMachine | undefined> {
    const { templates, logger } = this.#dependencies;
    try {
      return await templates?.find(plan.size, signal);
    } catch (error) {
      signal.throwIfAborted();
      logger.warn('no template could be looked for', { error: describeError(error) });
      return undefined;
    }
  }
}
