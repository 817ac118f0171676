import type {
  PodNetworkAttachment,
  PreparedSandbox,
  Resources,
  Sandbox,
  SandboxOperations,
  StartedSandbox,
} from '@crihub/contract';
import { RuntimeError, type SandboxId } from '@crihub/kernel';
import { type MemorySandbox, cgroupOf, networkNamespaceOf } from './memory-node.ts';
import { assertLimits } from './limits.ts';
import { type Instance, step } from './steps.ts';

export class MemorySandboxes implements SandboxOperations {
  readonly #instance: Instance;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  async prepare(sandbox: Sandbox, signal: AbortSignal): Promise<PreparedSandbox> {
    await this.#step('prepare.begin', signal);
    const known = this.#sandboxes.get(sandbox.id);
    if (known?.state === 'stopped') throw wrongState('prepare', known, 'a new one');
    if (known === undefined || known.state === 'partial') {
      this.#write(sandbox.id, {
        spec: sandbox,
        state: 'partial',
        overhead: sandbox.overhead,
        resources: sandbox.resources,
      });
      await this.#step('prepare.namespaces', signal);
      this.#change(sandbox.id, { state: 'prepared' });
      await this.#step('prepare.end', signal);
    }
    const networkNamespace = networkNamespaceOf(sandbox);
    return networkNamespace === undefined ? {} : { networkNamespace };
  }

  async start(
    sandbox: Sandbox,
    _network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<StartedSandbox> {
    await this.#step('start.begin', signal);
    const known = this.#find('start', sandbox.id);
    if (known.state !== 'running') {
      if (known.state !== 'prepared') throw wrongState('start', known, 'a prepared one');
      this.#change(sandbox.id, { state: 'running' });
      await this.#step('start.end', signal);
    }
    return { cgroup: cgroupOf(sandbox) };
  }

  async stop(id: SandboxId, signal: AbortSignal): Promise<void> {
    await this.#step('stop.begin', signal);
    for (const container of this.#instance.node.containersOf(id)) {
      await container.kill();
      await this.#step('stop.container', signal);
    }
    const known = this.#sandboxes.get(id);
    if (known !== undefined && known.state !== 'partial') this.#change(id, { state: 'stopped' });
    await this.#step('stop.end', signal);
  }

  async remove(id: SandboxId, signal: AbortSignal): Promise<void> {
    await this.#step('remove.begin', signal);
    for (const container of this.#instance.node.containersOf(id)) {
      await container.kill();
      this.#instance.node.containers.delete(container.spec.id);
      await this.#step('remove.container', signal);
    }
    this.#sandboxes.delete(id);
    await this.#step('remove.end', signal);
  }

  async update(
    sandbox: Sandbox,
    change: { readonly overhead: Resources; readonly resources: Resources },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#step('update.begin', signal);
    const known = this.#find('update', sandbox.id);
    assertLimits(change.overhead, sandbox.id);
    assertLimits(change.resources, sandbox.id);
    this.#change(sandbox.id, {
      overhead: { ...known.overhead, ...change.overhead },
      resources: { ...known.resources, ...change.resources },
    });
    await this.#step('update.end', signal);
  }

  get #sandboxes(): Map<SandboxId, MemorySandbox> {
    return this.#instance.node.sandboxes;
  }

  #step(point: string, signal: AbortSignal): Promise<void> {
    return step(this.#instance, `sandbox.${point}`, signal);
  }

  #find(operation: string, id: SandboxId): MemorySandbox {
    const known = this.#sandboxes.get(id);
    if (known !== undefined) return known;
    throw new RuntimeError('NotFound', `sandbox ${id} does not exist`, { operation, id });
  }

  #change(id: SandboxId, change: Partial<MemorySandbox>): void {
    const known = this.#sandboxes.get(id);
    if (known !== undefined) this.#write(id, { ...known, ...change });
  }

  #write(id: SandboxId, sandbox: MemorySandbox): void {
    this.#sandboxes.set(id, sandbox);
  }
}

const wrongState = (operation: string, { spec, state }: MemorySandbox, wanted: string): RuntimeError =>
  new RuntimeError('FailedPrecondition', `sandbox ${spec.id} is ${state}; ${operation} needs ${wanted}`, {
    operation: `${operation} sandbox`,
    id: spec.id,
  });
