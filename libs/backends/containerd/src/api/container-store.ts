import type { GrpcConnection } from '@crihub/transport/grpc-client';
import { containers } from '@crihub/wire/containerd';
import { ifFound } from '../failures.ts';

export type StoredContainer = containers.Container;

const { ContainersService: service } = containers;

/** containerd's records of containers. */
export class ContainerStore {
  readonly #connection: GrpcConnection;

  constructor(connection: GrpcConnection) {
    this.#connection = connection;
  }

  async get(id: string, signal?: AbortSignal): Promise<StoredContainer | undefined> {
    const answer = await ifFound(this.#connection.call(service.get, { id }, signal));
    return answer?.container;
  }

  /** Those that have all of these labels; all of the namespace, if none is given. */
  async list(
    labels: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<readonly StoredContainer[]> {
    const filter = Object.entries(labels).map(([name, value]) => `labels.${quoted(name)}==${quoted(value)}`);
    const request = { filters: [filter.join(',')] };
    const { containers: found } = await this.#connection.call(service.list, request, signal);
    return found;
  }

  /** @throws AlreadyExists if the id is taken. */
  async create(container: Partial<StoredContainer>, signal?: AbortSignal): Promise<void> {
    const request = { container: containers.Container.create(container) };
    await this.#connection.call(service.create, request, signal);
  }

  /** Sets labels; others stay. @throws NotFound */
  async label(id: string, labels: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void> {
    const request = {
      container: containers.Container.create({ id, labels }),
      updateMask: Object.keys(labels).map((name) => `labels.${name}`),
    };
    await this.#connection.call(service.update, request, signal);
  }

  /** Does nothing if there is none. */
  async delete(id: string, signal?: AbortSignal): Promise<void> {
    await ifFound(this.#connection.call(service.delete, { id }, signal));
  }
}

const quoted = (text: string): string => JSON.stringify(text);
