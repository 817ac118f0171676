import { RuntimeError, SingleFlight } from '@crihub/kernel';
import type { EngineLink } from '../engine-link.ts';
import type { DockerImages } from './docker-images.ts';
import { imageArchive } from './image-archive.ts';

/** Where nothing can be pulled from: the name marks what is ours, and keeps it from `docker image prune`. */
const REPOSITORY = 'crihub.internal/image';
/** Loading takes as long as the engine's disk needs. */
const LOAD_TIMEOUT_MS = 30 * 60_000;

/** The hub's images in the engine, each handed over when a container first needs it. */
export class DockerImageStore {
  readonly #link: EngineLink;
  readonly #images: DockerImages;
  readonly #loads = new SingleFlight<string, 'copied' | 'present'>();
  readonly #end = new AbortController();

  constructor({ link, images }: { readonly link: EngineLink; readonly images: DockerImages }) {
    this.#link = link;
    this.#images = images;
  }

  /**
   * Hands an image over if the engine does not have it. One that somebody pulled into the
   * engine gets our name too, so that it stays while we need it.
   * @returns seconds that the caller waited for the copy; `undefined` if none was needed.
   * @throws NotFound if the hub does not have it.
   */
  async ensure(imageId: string): Promise<number | undefined> {
    const name = imageName(imageId);
    const before = performance.now();
    const outcome = await this.#loads.run(imageId, async () => {
      const { images } = this.#link.engine;
      const [ours, theirs] = await this.#link.use((_engine, deadline) =>
        Promise.all([images.find(name, deadline), images.find(imageId, deadline)]),
      );
      if (ours !== undefined) return 'present';
      if (theirs === undefined) {
        await this.#load(imageId, name);
        return 'copied';
      }
      await this.#link.use((_engine, deadline) => images.tag(theirs, REPOSITORY, hexOf(imageId), deadline));
      return 'present';
    });
    return outcome === 'copied' ? (performance.now() - before) / 1000 : undefined;
  }

  /** The hub has removed the image: takes away our name, and with it the image unless others have named it. */
  async remove(imageId: string): Promise<void> {
    await this.#link.use((engine, deadline) => engine.images.remove(imageName(imageId), deadline));
  }

  /** Gives up loading. */
  close(): void {
    this.#end.abort(new RuntimeError('Unavailable', 'the Docker backend is closing'));
  }

  async #load(imageId: string, name: string): Promise<void> {
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(LOAD_TIMEOUT_MS)]);
    const parts = await this.#images.parts(imageId, signal);
    await this.#link.engine.images.load(imageArchive(parts, name), signal);
    if ((await this.#link.engine.images.find(name, signal)) !== undefined) return;
    throw new RuntimeError('Internal', `Docker Engine loaded image ${imageId}, and does not have it`, {
      operation: 'load the image',
      id: imageId,
    });
  }
}

/** The engine's name of an image of the hub. */
export const imageName = (imageId: string): string => `${REPOSITORY}:${hexOf(imageId)}`;

function hexOf(imageId: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(imageId)?.[1];
  if (hex !== undefined) return hex;
  throw new RuntimeError('InvalidArgument', `"${imageId}" is no image id: it must be like sha256:…`);
}
