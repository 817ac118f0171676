import { kindOf } from '@crihub/kernel';
import type { GrpcConnection } from '@crihub/transport/grpc-client';
import { leases } from '@crihub/wire/containerd';
import { ifFound } from '../failures.ts';

const { LeasesService: service } = leases;

/** Metadata of a call whose results the lease is to keep from containerd's garbage collector. */
export const underLease = (id: string): Readonly<Record<string, string>> => ({ 'containerd-lease': id });

/** containerd's leases: what they hold is kept, and nothing else is without a container that needs it. */
export class LeaseService {
  readonly #connection: GrpcConnection;

  constructor(connection: GrpcConnection) {
    this.#connection = connection;
  }

  /** Does nothing if it exists. It lasts until it is deleted. */
  async create(id: string, labels: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void> {
    try {
      await this.#connection.call(service.create, { id, labels }, signal);
    } catch (error) {
      if (kindOf(error) !== 'AlreadyExists') throw error;
    }
  }

  /** `type` is `content`, or `snapshots/` and the snapshotter. @throws NotFound if there is no such lease. */
  async hold(
    leaseId: string,
    resource: { readonly id: string; readonly type: string },
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#connection.call(service.addResource, { id: leaseId, resource }, signal);
  }

  /** Resolves when what nothing else needs is gone. Does nothing if there is no such lease. */
  async delete(id: string, signal?: AbortSignal): Promise<void> {
    await ifFound(this.#connection.call(service.delete, { id, sync: true }, signal));
  }
}
