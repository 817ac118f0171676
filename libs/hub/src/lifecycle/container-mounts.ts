import { mkdir, realpath } from 'node:fs/promises';
import type { Mount } from '@crihub/contract';
import { describeError, errnoCode, RuntimeError, settleAll } from '@crihub/kernel';
import type { MountRequest } from '../front/parse/mounts.ts';

/** Mounts an image read-only. @returns the host path that the container gets to see. */
export type MountImage = (image: string, subPath: string, index: number) => Promise<string>;

/** Turns the mounts of a request into mounts of host paths that exist. */
export async function resolveMounts(
  requests: readonly MountRequest[],
  mountImage: MountImage,
): Promise<readonly Mount[]> {
  return await settleAll(
    requests.map(async (request, index): Promise<Mount> => {
      if ('image' in request) {
        const { image, subPath, ...mount } = request;
        return { ...mount, source: await mountImage(image, subPath, index) };
      }
      const { hostPath, ...mount } = request;
      return { ...mount, source: await existingPath(hostPath) };
    }),
  );
}

/** The path without symbolic links. A missing one is made as a directory, as Docker and containerd do. */
export async function existingPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw unusable(path, error);
  }
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
    return await realpath(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

const unusable = (path: string, cause: unknown): RuntimeError =>
  new RuntimeError('FailedPrecondition', `host path ${path} can't be mounted: ${describeError(cause)}`, {
    cause,
  });
