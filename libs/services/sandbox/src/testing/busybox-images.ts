import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageParts, ImageSource, ImageSourceLayer } from '@crihub/contract';
import { makeBusyboxRoot } from '@crihub/contract-testkit';
import { RuntimeError } from '@crihub/kernel';
import { run } from '@crihub/transport/process';

/** A hub's images with one in it: busybox, as one layer. */
export class BusyboxImages implements ImageSource {
  readonly id: string;
  /** How often an image was handed over. */
  handedOver = 0;
  readonly #parts: ImageParts;

  static async make(
    directory: string,
    compression: ImageSourceLayer['compression'] = 'gzip',
  ): Promise<BusyboxImages> {
    const root = join(directory, 'busybox');
    await mkdir(root, { recursive: true });
    await makeBusyboxRoot(root);
    const tar = join(directory, 'layer.tar');
    await must('tar', ['-C', root, '--sort=name', '--mtime=@0', '-cf', tar, '.']);
    const diffId = await digestOf(tar);
    const path = await compressed(tar, compression);
    const config = Buffer.from(
      JSON.stringify({
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        os: 'linux',
        config: {},
        rootfs: { type: 'layers', diff_ids: [diffId] },
      }),
    );
    const { size } = await stat(path);
    const layer = { digest: await digestOf(path), compression, size, open: () => createReadStream(path) };
    return new BusyboxImages({ config, layers: [layer] });
  }

  private constructor(parts: ImageParts) {
    this.#parts = parts;
    this.id = `sha256:${createHash('sha256').update(parts.config).digest('hex')}`;
  }

  async parts(imageId: string): Promise<ImageParts> {
    if (imageId !== this.id) throw new RuntimeError('NotFound', `image ${imageId} is not on this node`);
    this.handedOver += 1;
    return this.#parts;
  }
}

const digestOf = async (path: string): Promise<string> =>
  `sha256:${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`;

async function compressed(tar: string, compression: ImageSourceLayer['compression']): Promise<string> {
  if (compression === 'none') return tar;
  await must(compression === 'gzip' ? 'gzip' : 'zstd', ['-k', '-f', '-q', tar]);
  return `${tar}.${compression === 'gzip' ? 'gz' : 'zst'}`;
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run(program, { args });
  if (exitCode !== 0)
    throw new RuntimeError('Internal', `${program} ${args.join(' ')}: ${stderr.toString()}`);
}
