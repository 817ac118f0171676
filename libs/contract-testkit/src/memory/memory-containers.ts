import type {
  Container,
  ContainerOperations,
  CreatedContainer,
  Resources,
  Sandbox,
  StartedContainer,
} from '@crihub/contract';
import { type ContainerId, RuntimeError } from '@crihub/kernel';
import { assertLimits } from './limits.ts';
import type { MemoryContainer } from './memory-container.ts';
import { cgroupOf } from './memory-node.ts';
import { signalNumber } from './signals.ts';
import { type Instance, step } from './steps.ts';

export class MemoryContainers implements ContainerOperations {
  readonly #instance: Instance;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  async create(container: Container, sandbox: Sandbox, signal: AbortSignal): Promise<CreatedContainer> {
    await this.#step('create.begin', signal);
    const { node } = this.#instance;
    this.#assertRunning(sandbox);
    const known = node.containers.get(container.id) ?? node.addContainer(container);
    await this.#step('create.record', signal);
    known.complete();
    await this.#step('create.end', signal);
    return { cgroup: `${cgroupOf(sandbox)}/${container.id}` };
  }

  async start(id: ContainerId, signal: AbortSignal): Promise<StartedContainer> {
    await this.#step('start.begin', signal);
    const container = this.find('start', id);
    if (container.state !== 'running') {
      if (container.state !== 'created') throw wrongState('start', container, 'created');
      container.start();
      await this.#step('start.end', signal);
    }
    return startedContainer(container);
  }

  async signal(id: ContainerId, name: string, scope: 'init' | 'all', signal: AbortSignal): Promise<void> {
    signalNumber(name);
    await this.#step('signal.begin', signal);
    const container = this.#instance.node.containers.get(id);
    if (scope === 'all') await container?.kill();
    else container?.init?.signal(name);
  }

  async remove(id: ContainerId, signal: AbortSignal): Promise<void> {
    await this.#step('remove.begin', signal);
    await this.#instance.node.containers.get(id)?.kill();
    await this.#step('remove.killed', signal);
    this.#instance.node.containers.delete(id);
    await this.#step('remove.end', signal);
  }

  async update(id: ContainerId, resources: Resources, signal: AbortSignal): Promise<void> {
    await this.#step('update.begin', signal);
    const container = this.find('update', id);
    if (container.state === 'exited') throw wrongState('update', container, 'running');
    assertLimits(resources, id);
    container.limit({ ...container.resources, ...resources });
    await this.#step('update.end', signal);
  }

  async reopenLog(id: ContainerId, signal: AbortSignal): Promise<void> {
    await this.#step('reopenLog.begin', signal);
    const container = this.find('reopen log', id);
    if (container.state !== 'running') throw wrongState('reopen log', container, 'running');
    await container.reopenLog();
  }

  /** @throws NotFound */
  find(operation: string, id: ContainerId): MemoryContainer {
    const container = this.#instance.node.containers.get(id);
    if (container !== undefined) return container;
    throw new RuntimeError('NotFound', `container ${id} does not exist`, { operation, id });
  }

  #step(point: string, signal: AbortSignal): Promise<void> {
    return step(this.#instance, `container.${point}`, signal);
  }

  #assertRunning({ id }: Sandbox): void {
    const sandbox = this.#instance.node.sandboxes.get(id);
    const operation = 'create container';
    if (sandbox === undefined)
      throw new RuntimeError('NotFound', `sandbox ${id} does not exist`, { operation, id });
    if (sandbox.state !== 'running') {
      throw new RuntimeError('FailedPrecondition', `sandbox ${id} is ${sandbox.state}, not running`, {
        operation,
        id,
      });
    }
  }
}

export const wrongState = (
  operation: string,
  { spec, state }: MemoryContainer,
  wanted: string,
): RuntimeError =>
  new RuntimeError(
    'FailedPrecondition',
    `container ${spec.id} is ${state}; to ${operation} it must be ${wanted}`,
    { operation, id: spec.id },
  );

function startedContainer({ init, startedAt }: MemoryContainer): StartedContainer {
  return { startedAt, ...(init === undefined ? {} : { pid: init.pid }) };
}
