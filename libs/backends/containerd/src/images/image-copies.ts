import { randomUUID } from 'node:crypto';
import type { ImageCopySupport, ImageSource } from '@crihub/contract';
import { kindOf, RuntimeError, SingleFlight } from '@crihub/kernel';
import type { ContentStore } from '../api/content-store.ts';
import type { LeaseService } from '../api/lease-service.ts';
import type { SnapshotService } from '../api/snapshot-service.ts';
import { LABELS } from '../records/container-labels.ts';
import { type ChainedLayer, chainedLayers, mediaTypeOf } from './layers.ts';

export interface ImageCopiesOptions {
  /** The handler, whose lease keeps what it needs though others remove the same image. */
  readonly handler: string;
}

export interface ImageCopiesDependencies {
  readonly source: ImageSource;
  readonly leases: LeaseService;
  readonly content: ContentStore;
  readonly snapshots: SnapshotService;
}

/** By which a remote snapshotter finds what it can mount without unpacking. */
const SNAPSHOT_REF = 'containerd.io/snapshot.ref';
const LAYER_DIGEST = 'containerd.io/snapshot/cri.layer-digest';

/**
 * The hub's images in containerd: the layers as blobs, unpacked into a chain of snapshots. A lease for each
 * image keeps both; when it is deleted, containerd removes what no other lease holds.
 */
export class ImageCopies implements ImageCopySupport {
  readonly #handler: string;
  readonly #dependencies: ImageCopiesDependencies;
  readonly #unpacking = new SingleFlight<string, string>();
  readonly #end = new AbortController();

  constructor({ handler }: ImageCopiesOptions, dependencies: ImageCopiesDependencies) {
    this.#handler = handler;
    this.#dependencies = dependencies;
  }

  /** The snapshot that containers of an image stand on; the image is copied and unpacked if it has to be. */
  async ensure(imageId: string, signal: AbortSignal): Promise<string> {
    return await this.#unpacking.run(imageId, () => this.#unpack(imageId), signal);
  }

  /** Gives up copying. */
  close(): void {
    this.#end.abort(new RuntimeError('Unavailable', 'the containerd backend is closing'));
  }

  async remove(imageId: string, signal: AbortSignal): Promise<void> {
    await this.#dependencies.leases.delete(this.#leaseId(imageId), signal);
  }

  /** For all who wait for it, so it has a time of its own. */
  async #unpack(imageId: string): Promise<string> {
    const { source, leases } = this.#dependencies;
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(UNPACK_MS)]);
    const leaseId = this.#leaseId(imageId);
    await leases.create(leaseId, { [LABELS.handler]: this.#handler }, signal);
    const layers = chainedLayers(await source.parts(imageId, signal));
    let parent = '';
    for (const layer of layers) {
      await this.#unpackLayer(layer, parent, leaseId, signal);
      parent = layer.chainId;
    }
    return parent;
  }

  async #unpackLayer(
    layer: ChainedLayer,
    parent: string,
    leaseId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { snapshots } = this.#dependencies;
    const { chainId, source } = layer;
    if (await this.#isHeld(chainId, leaseId, signal)) return;
    const key = `crihub-unpack-${randomUUID()}`;
    const labels = { [SNAPSHOT_REF]: chainId, [LAYER_DIGEST]: source.digest };
    try {
      const mounts = await snapshots.prepare({ key, parent, labels, leaseId }, signal);
      await this.#fill(layer, mounts, leaseId, signal);
      await snapshots.commit(key, chainId, leaseId, signal);
    } catch (error) {
      await snapshots.remove(key, AbortSignal.timeout(UNDO_MS));
      // A snapshotter that had it, or somebody else who unpacked it meanwhile.
      if (kindOf(error) !== 'AlreadyExists' || !(await this.#isHeld(chainId, leaseId, signal))) throw error;
    }
  }

  async #fill(
    { source, diffId }: ChainedLayer,
    mounts: Awaited<ReturnType<SnapshotService['prepare']>>,
    leaseId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { content, leases, snapshots } = this.#dependencies;
    const { digest, size } = source;
    if (await content.has(digest, signal))
      await leases.hold(leaseId, { id: digest, type: 'content' }, signal);
    else await content.write(source, leaseId, signal);
    const layer = { mediaType: mediaTypeOf(source), digest, size: BigInt(size) };
    const unpacked = await snapshots.apply(layer, mounts, signal);
    if (unpacked === diffId) return;
    throw new RuntimeError('Internal', `layer ${digest} unpacks to ${unpacked} instead of ${diffId}`);
  }

  /** Whether a snapshot is there, and kept from now on. */
  async #isHeld(chainId: string, leaseId: string, signal: AbortSignal): Promise<boolean> {
    const { snapshots, leases } = this.#dependencies;
    if (!(await snapshots.exists(chainId, signal))) return false;
    await leases.hold(leaseId, { id: chainId, type: snapshots.resourceType }, signal);
    return await snapshots.exists(chainId, signal); // it may have gone before it was held
  }

  #leaseId(imageId: string): string {
    return `crihub-${this.#handler}-${imageId.replace(':', '-')}`;
  }
}

const UNDO_MS = 10_000;
/** As long as the disk needs. */
const UNPACK_MS = 30 * 60_000;
