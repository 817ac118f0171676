import type { DatabaseSync } from 'node:sqlite';
import { type ContainerId, type Logger, RuntimeError, type SandboxId } from '@crihub/kernel';
import { containerKey, type ContainerRecord, isVisibleContainer } from './container-record.ts';
import { RecordTable } from './record-table.ts';
import { isVisibleSandbox, sandboxKey, type SandboxRecord } from './sandbox-record.ts';
import { Settings } from './settings.ts';

/** All that the hub knows of pods and containers. Reads are from memory; each write is one transaction. */
export class Records {
  readonly sandboxes: RecordTable<SandboxId, SandboxRecord>;
  readonly containers: RecordTable<ContainerId, ContainerRecord>;
  readonly settings: Settings;
  readonly #byPod = new Map<SandboxId, Set<ContainerId>>();

  constructor(database: DatabaseSync, logger: Logger) {
    this.sandboxes = new RecordTable(database, 'sandboxes', ({ sandbox }) => sandboxKey(sandbox.metadata));
    this.containers = new RecordTable(database, 'containers', ({ sandboxId, container }) =>
      containerKey(sandboxId, container.metadata),
    );
    this.settings = new Settings(database);
    this.sandboxes.load(logger);
    this.containers.load(logger);
    for (const { id, sandboxId } of this.containers.all()) this.#index(sandboxId, id);
  }

  putContainer(record: ContainerRecord): ContainerRecord {
    this.containers.put(record);
    this.#index(record.sandboxId, record.id);
    return record;
  }

  deleteContainer({ id, sandboxId }: ContainerRecord): void {
    this.containers.delete(id);
    const siblings = this.#byPod.get(sandboxId);
    siblings?.delete(id);
    if (siblings?.size === 0) this.#byPod.delete(sandboxId);
  }

  /** The containers of a pod, intents included. */
  containersOf(id: SandboxId): readonly ContainerRecord[] {
    const ids = this.#byPod.get(id) ?? [];
    return [...ids].flatMap((containerId) => this.containers.get(containerId) ?? []);
  }

  /** @throws NotFound, InvalidArgument for an ambiguous prefix. */
  visibleSandbox(idOrPrefix: string): SandboxRecord {
    const record = this.sandboxes.find(idOrPrefix);
    if (record === undefined || !isVisibleSandbox(record)) throw notFound('pod sandbox', idOrPrefix);
    return record;
  }

  /** @throws NotFound, InvalidArgument for an ambiguous prefix. */
  visibleContainer(idOrPrefix: string): ContainerRecord {
    const record = this.containers.find(idOrPrefix);
    if (record === undefined || !isVisibleContainer(record)) throw notFound('container', idOrPrefix);
    return record;
  }

  #index(sandboxId: SandboxId, id: ContainerId): void {
    const siblings = this.#byPod.get(sandboxId);
    if (siblings === undefined) this.#byPod.set(sandboxId, new Set([id]));
    else siblings.add(id);
  }
}

const notFound = (what: string, id: string): RuntimeError =>
  new RuntimeError('NotFound', `${what} ${id === '' ? '(no id given)' : id} does not exist`, { id });
