import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DescribedImage, ImageService, PullOptions } from '../front/methods/image-service.ts';
import type { RootFilesystems } from '../lifecycle/ports.ts';

const ID = `sha256:${'1'.repeat(64)}`;

/** One image, whose program does nothing special. */
export const fakeImage: DescribedImage = {
  id: ID,
  repoTags: ['registry.example/app:1'],
  repoDigests: [`registry.example/app@sha256:${'2'.repeat(64)}`],
  user: '',
  env: ['FROM_IMAGE=1'],
  entrypoint: [],
  cmd: ['sleep', 'forever'],
  workingDirectory: '',
  stopSignal: '',
  sizeBytes: 1000,
  pinned: false,
  config: {},
};

/** A store with that image alone. */
export class FakeImages implements ImageService {
  #present: readonly DescribedImage[] = [fakeImage];

  list(): readonly DescribedImage[] {
    return this.#present;
  }

  find(reference: string): DescribedImage | undefined {
    return this.#present.find(({ id, repoTags }) => id === reference || repoTags.includes(reference));
  }

  async pull(_reference?: string, options?: PullOptions): Promise<string> {
    options?.onProgress?.({ phase: 'fetching', layers: 2, layersDone: 1, bytes: 1000, bytesDone: 400 });
    this.#present = [fakeImage];
    return ID;
  }

  async load(): Promise<readonly DescribedImage[]> {
    this.#present = [fakeImage];
    return this.#present;
  }

  async remove(reference: string, inUse: (id: string) => boolean): Promise<void> {
    const image = this.find(reference);
    if (image !== undefined && !inUse(image.id)) this.#present = [];
  }

  async usage(): Promise<{ directory: string; usedBytes: number; inodesUsed: number }> {
    return { directory: '/images', usedBytes: 1000, inodesUsed: 10 };
  }
}

/** Root filesystems that are plain directories. What is mounted outlives the hub. */
export class FakeRootFilesystems implements RootFilesystems {
  readonly mounted = new Set<string>();

  async mount(_imageId: string, containerDirectory: string): Promise<string> {
    const target = join(containerDirectory, 'rootfs');
    await mkdir(target, { recursive: true });
    this.mounted.add(containerDirectory);
    return target;
  }

  async unmount(containerDirectory: string): Promise<void> {
    this.mounted.delete(containerDirectory);
  }

  writableLayer(containerDirectory: string): string {
    return join(containerDirectory, 'upper');
  }

  async mountVolume(_imageId: string, target: string): Promise<string> {
    await mkdir(target, { recursive: true });
    this.mounted.add(target);
    return target;
  }

  async unmountVolume(target: string): Promise<void> {
    this.mounted.delete(target);
    await rm(target, { recursive: true, force: true });
  }
}
