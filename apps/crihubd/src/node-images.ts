import { mkdir, stat } from 'node:fs/promises';
import type {
  DescribedImage,
  ImageFilesystem,
  ImageService,
  PullOptions,
  RootFilesystems,
  ShiftedOwners,
} from '@crihub/hub';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import { type Image, type ImageStore, RootfsMounter } from '@crihub/service-images';
import { resolveInRoot } from '@crihub/service-oci';

/** The image store as the hub asks for it. */
export class NodeImages implements ImageService {
  readonly #store: ImageStore;
  // One description per record of the store, so that lists can keep what they made of it.
  readonly #described = new WeakMap<
    Image['config'],
    { readonly image: Image; readonly description: DescribedImage }
  >();

  constructor(deps: { readonly store: ImageStore }) {
    this.#store = deps.store;
  }

  list(): readonly DescribedImage[] {
    return this.#store.list().map((image) => this.#describe(image));
  }

  find(reference: string): DescribedImage | undefined {
    const image = this.#store.get(reference);
    return image === undefined ? undefined : this.#describe(image);
  }

  async pull(reference: string, { credentials, onProgress, signal }: PullOptions): Promise<string> {
    return (await this.#store.pull(reference, { auth: credentials, onProgress, signal })).id;
  }

  async load(path: string, signal: AbortSignal): Promise<readonly DescribedImage[]> {
    await checkIsFile(path);
    return (await this.#store.load(path, signal)).map((image) => this.#describe(image));
  }

  async remove(reference: string, inUse: (imageId: string) => boolean): Promise<void> {
    await this.#store.remove(reference, { isInUse: inUse });
  }

  async usage(): Promise<ImageFilesystem> {
    const { mountpoint, usedBytes, inodesUsed } = this.#store.filesystemUsage();
    return { directory: mountpoint, usedBytes, inodesUsed };
  }

  #describe(image: Image): DescribedImage {
    const known = this.#described.get(image.config);
    if (known !== undefined && sameNames(known.image, image)) return known.description;
    const description = describe(image);
    this.#described.set(image.config, { image, description });
    return description;
  }
}

const sameNames = (one: Image, other: Image): boolean =>
  one.repoTags === other.repoTags && one.repoDigests === other.repoDigests;

const describe = (image: Image): DescribedImage => ({
  id: image.id,
  repoTags: image.repoTags,
  repoDigests: image.repoDigests,
  sizeBytes: image.size,
  pinned: image.pinned,
  user: image.config.user,
  env: image.config.env,
  entrypoint: image.config.entrypoint,
  cmd: image.config.cmd,
  workingDirectory: image.config.workingDir,
  stopSignal: image.config.stopSignal ?? '',
  config: image.config,
});

/** Of a pipe, opening it would wait for a writer. */
async function checkIsFile(path: string): Promise<void> {
  let entry;
  try {
    entry = await stat(path);
  } catch (cause) {
    if (errnoCode(cause) !== 'ENOENT') throw cause;
    throw new RuntimeError('NotFound', `there is no file ${path}, as the daemon sees the node`, { cause });
  }
  if (!entry.isFile()) throw new RuntimeError('InvalidArgument', `${path} is not a file`);
}

/** Root filesystems from the store's layers. */
export class NodeRootFilesystems implements RootFilesystems {
  readonly #store: ImageStore;
  readonly #mounter: RootfsMounter;

  constructor(deps: { readonly store: ImageStore; readonly mounter: RootfsMounter }) {
    this.#store = deps.store;
    this.#mounter = deps.mounter;
  }

  async mount(
    imageId: string,
    containerDirectory: string,
    owners: ShiftedOwners | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const image = await this.#store.resolve(imageId);
    return await this.#mounter.mount({ containerDirectory, image, idMap: owners }, signal);
  }

  async unmount(containerDirectory: string): Promise<void> {
    await this.#mounter.unmount(containerDirectory);
  }

  writableLayer(containerDirectory: string): string {
    return RootfsMounter.writableLayerIn(containerDirectory);
  }

  async mountVolume(
    imageId: string,
    target: string,
    subPath: string,
    owners: ShiftedOwners | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const image = await this.#store.resolve(imageId);
    await mkdir(target, { recursive: true });
    await this.#mounter.mountView(
      { image, target, scratchDirectory: `${target}.lower`, idMap: owners },
      signal,
    );
    const source = await resolveInRoot(target, subPath);
    try {
      await stat(source);
    } catch (cause) {
      if (errnoCode(cause) !== 'ENOENT') throw cause;
      throw new RuntimeError('FailedPrecondition', `image ${imageId} has no '${subPath}' to mount`, {
        cause,
        reason: 'ImageVolumeMountFailed',
      });
    }
    return source;
  }

  async unmountVolume(target: string): Promise<void> {
    await this.#mounter.unmountView(target);
  }
}
