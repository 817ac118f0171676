import { readlink, stat, statfs } from 'node:fs/promises';
import { basename } from 'node:path';
import { errnoCode } from '@crihub/kernel';

/** The filesystem that containers' writable layers are on. */
export interface FilesystemFigures {
  /** `/dev/sda1`, or `major:minor` where no block device is behind it. */
  readonly device: string;
  readonly totalBytes: number;
  readonly totalInodes: number;
  readonly freeInodes: number;
}

export async function readFilesystem(directory: string, devices: DeviceNames): Promise<FilesystemFigures> {
  const [figures, { dev }] = await Promise.all([statfs(directory), stat(directory, { bigint: true })]);
  return {
    device: await devices.nameOf(majorOf(dev), minorOf(dev)),
    totalBytes: figures.bsize * figures.blocks,
    totalInodes: figures.files,
    freeInodes: figures.ffree,
  };
}

/** Names of block devices, which stay what they are while the device is there. */
export class DeviceNames {
  readonly #names = new Map<string, string>();

  /** `/dev/sda`, or `8:0` if there is no such block device. */
  async nameOf(major: number, minor: number): Promise<string> {
    const numbers = `${String(major)}:${String(minor)}`;
    let name = this.#names.get(numbers);
    if (name === undefined) {
      name = await readName(numbers);
      this.#names.set(numbers, name);
    }
    return name;
  }
}

async function readName(numbers: string): Promise<string> {
  try {
    return `/dev/${basename(await readlink(`/sys/dev/block/${numbers}`))}`;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return numbers;
    throw error;
  }
}

/** The halves of a device number are spread over its 64 bits (makedev(3)). */
const majorOf = (device: bigint): number => Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn));
const minorOf = (device: bigint): number => Number((device & 0xffn) | ((device >> 12n) & ~0xffn));
