import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { errnoCode, RuntimeError, SingleFlight } from '@crihub/kernel';
import type { EngineLink } from '../engine-link.ts';
import type { DockerImageParts } from './docker-images.ts';
import { imageArchive } from './image-archive.ts';
import { TAR_END, tarHeader, tarPadding } from './tar-header.ts';

export interface PauseImageOptions {
  /** An image that the engine has; else one is built of the program. */
  readonly sandboxImage?: string | undefined;
  /** A static program that waits for ever with `-P`, and reaps what is left to it. */
  readonly pausePath: string;
}

interface BuiltImage {
  readonly parts: DockerImageParts;
  readonly name: string;
}

const REPOSITORY = 'crihub.internal/pause';
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64' };

/** The image of the infra containers. */
export class PauseImage {
  readonly #options: PauseImageOptions;
  readonly #link: EngineLink;
  readonly #flight = new SingleFlight<'ensure', void>();
  #built: BuiltImage | undefined;

  constructor(options: PauseImageOptions, { link }: { readonly link: EngineLink }) {
    this.#options = options;
    this.#link = link;
  }

  /** Its name in the engine. @throws FailedPrecondition if it can't be built. */
  async name(): Promise<string> {
    return this.#options.sandboxImage ?? (await this.#build()).name;
  }

  /** Hands it over if the engine does not have it. @throws FailedPrecondition if it can't be. */
  async ensure(): Promise<void> {
    await this.#flight.run('ensure', () => this.#ensure());
  }

  async #build(): Promise<BuiltImage> {
    this.#built ??= build(await programAt(this.#options.pausePath));
    return this.#built;
  }

  async #ensure(): Promise<void> {
    const { sandboxImage } = this.#options;
    if (sandboxImage !== undefined) {
      await this.#refuseUnlessThere(sandboxImage);
      return;
    }
    const { parts, name } = await this.#build();
    await this.#link.use(async ({ images }, deadline) => {
      if ((await images.find(name, deadline)) === undefined) {
        await images.load(imageArchive(parts, name), deadline);
      }
    });
  }

  async #refuseUnlessThere(image: string): Promise<void> {
    const id = await this.#link.use((engine, deadline) => engine.images.find(image, deadline));
    if (id !== undefined) return;
    throw new RuntimeError(
      'FailedPrecondition',
      `Docker Engine does not have the sandbox image ${image}: pull it there, or leave sandboxImage out`,
    );
  }
}

async function programAt(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (errnoCode(cause) !== 'ENOENT') throw cause;
    throw new RuntimeError(
      'FailedPrecondition',
      `the program of the sandbox image is not at ${path}: install catatonit, or set pausePath or sandboxImage`,
      { cause },
    );
  }
}

function build(program: Buffer): BuiltImage {
  const layer = Buffer.concat([
    tarHeader({ name: 'pause', size: program.length, mode: 0o755 }),
    program,
    tarPadding(program.length),
    TAR_END,
  ]);
  const config = Buffer.from(
    JSON.stringify({
      architecture: ARCHITECTURES[process.arch] ?? process.arch,
      os: 'linux',
      config: { Entrypoint: ['/pause', '-P'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    }),
  );
  const layers = [{ compression: 'none', size: layer.length, open: () => Readable.from([layer]) }] as const;
  return { parts: { config, layers }, name: `${REPOSITORY}:${sha256(config).slice(0, 16)}` };
}

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
