import type { GrpcConnection } from '@crihub/transport/grpc-client';
import { diff, snapshots, type types } from '@crihub/wire/containerd';
import { ifFound } from '../failures.ts';
import { underLease } from './lease-service.ts';

export type SnapshotMount = types.Mount;

export interface SnapshotServiceOptions {
  readonly snapshotter: string;
  /** For unpacking a layer, in ms. */
  readonly applyTimeoutMs: number;
}

export interface NewSnapshot {
  readonly key: string;
  /** The committed snapshot below it; empty for none. */
  readonly parent: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly leaseId?: string;
}

const { SnapshotsService: service } = snapshots;

/** The file trees of one snapshotter of containerd. */
export class SnapshotService {
  readonly #connection: GrpcConnection;
  readonly #snapshotter: string;
  readonly #applyTimeoutMs: number;

  constructor({ snapshotter, applyTimeoutMs }: SnapshotServiceOptions, connection: GrpcConnection) {
    this.#connection = connection;
    this.#snapshotter = snapshotter;
    this.#applyTimeoutMs = applyTimeoutMs;
  }

  /** As leases name what they hold. */
  get resourceType(): string {
    return `snapshots/${this.#snapshotter}`;
  }

  async exists(key: string, signal?: AbortSignal): Promise<boolean> {
    const request = { snapshotter: this.#snapshotter, key };
    return (await ifFound(this.#connection.call(service.stat, request, signal))) !== undefined;
  }

  /** Makes a writable snapshot. @throws AlreadyExists if the key, or what its labels refer to, exists. */
  async prepare(
    { key, parent, labels = {}, leaseId }: NewSnapshot,
    signal?: AbortSignal,
  ): Promise<readonly SnapshotMount[]> {
    const request = { snapshotter: this.#snapshotter, key, parent, labels };
    const options = leaseId === undefined ? {} : { metadata: underLease(leaseId) };
    return (await this.#connection.call(service.prepare, request, signal, options)).mounts;
  }

  /** How a writable snapshot is mounted. @throws NotFound */
  async mounts(key: string, signal?: AbortSignal): Promise<readonly SnapshotMount[]> {
    const request = { snapshotter: this.#snapshotter, key };
    return (await this.#connection.call(service.mounts, request, signal)).mounts;
  }

  /** Makes a writable snapshot one that others can stand on. @throws AlreadyExists */
  async commit(key: string, name: string, leaseId: string, signal?: AbortSignal): Promise<void> {
    const request = snapshots.CommitSnapshotRequest.create({ snapshotter: this.#snapshotter, key, name });
    await this.#connection.call(service.commit, request, signal, { metadata: underLease(leaseId) });
  }

  /** Does nothing if there is none. */
  async remove(key: string, signal?: AbortSignal): Promise<void> {
    await ifFound(this.#connection.call(service.remove, { snapshotter: this.#snapshotter, key }, signal));
  }

  /** Unpacks a layer of the content store into mounts. @returns the digest of the unpacked archive. */
  async apply(
    layer: Pick<types.Descriptor, 'mediaType' | 'digest' | 'size'>,
    mounts: readonly SnapshotMount[],
    signal: AbortSignal,
  ): Promise<string> {
    const request = diff.ApplyRequest.create({ diff: layer, mounts: [...mounts] });
    const options = { timeoutMs: this.#applyTimeoutMs };
    const answer = await this.#connection.call(diff.DiffService.apply, request, signal, options);
    return answer.applied?.digest ?? '';
  }
}
