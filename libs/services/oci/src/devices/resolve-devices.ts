import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Device } from '@crihub/contract';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import type { ResolvedDevice } from './resolved-device.ts';

/** Below /dev, but no devices of the host: each container has its own, or must not have them. */
const NOT_FOR_CONTAINERS = new Set([
  'pts',
  'ptmx',
  'shm',
  'fd',
  'mqueue',
  'console',
  '.udev',
  '.lxc',
  '.lxd-mounts',
]);

/**
 * The device nodes of a container: what it asks for, and for a privileged one all of the host's.
 * A directory stands for all devices in it.
 * @throws InvalidArgument for a path that is missing or no device, or for unknown permissions.
 */
export async function resolveDevices(
  container: Pick<Container, 'devices' | 'security'>,
  hostDevices = '/dev',
): Promise<readonly ResolvedDevice[]> {
  const all = container.security.privileged ? await allDevices(hostDevices) : [];
  const asked = await Promise.all(container.devices.map(resolveDevice));
  return [...all, ...asked.flat()];
}

/** The device node behind a path of the host. @throws the system's error; undefined if it is none. */
export async function readDeviceNode(
  hostPath: string,
): Promise<Pick<ResolvedDevice, 'type' | 'major' | 'minor' | 'fileMode' | 'uid' | 'gid'> | undefined> {
  return nodeOf(await stat(hostPath, { bigint: true }));
}

async function resolveDevice(device: Device): Promise<readonly ResolvedDevice[]> {
  const { hostPath, containerPath, permissions } = device;
  if (!/^[rwm]{1,3}$/.test(permissions)) {
    throw invalid(`the permissions "${permissions}" of the device ${hostPath} must be some of r, w and m`);
  }
  try {
    const real = await realpath(hostPath);
    const status = await stat(real, { bigint: true });
    if (status.isDirectory()) return await devicesBelow(real, containerPath, permissions);
    const node = nodeOf(status);
    if (node !== undefined) return [{ path: containerPath, ...node, permissions }];
  } catch (cause) {
    if (errnoCode(cause) !== 'ENOENT') throw cause;
    throw invalid(`there is no device ${hostPath} on this host`, cause);
  }
  throw invalid(`${hostPath} is not a device`);
}

async function allDevices(directory: string): Promise<readonly ResolvedDevice[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return await devicesAmong(
    entries.filter(({ name }) => !NOT_FOR_CONTAINERS.has(name)),
    directory,
    '/dev',
    'rwm',
  );
}

async function devicesBelow(
  directory: string,
  containerPath: string,
  permissions: string,
): Promise<readonly ResolvedDevice[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return await devicesAmong(entries, directory, containerPath, permissions);
}

/** Symbolic links are passed over: what they name is listed by itself if it is a device. */
async function devicesAmong(
  entries: readonly Dirent[],
  directory: string,
  containerPath: string,
  permissions: string,
): Promise<readonly ResolvedDevice[]> {
  const found = await Promise.all(
    entries.map(async (entry): Promise<readonly ResolvedDevice[]> => {
      const from = join(directory, entry.name);
      const path = join(containerPath, entry.name);
      if (entry.isDirectory()) return await devicesBelow(from, path, permissions);
      if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
      const node = await nodeIfPresent(from);
      return node === undefined ? [] : [{ path, ...node, permissions }];
    }),
  );
  return found.flat();
}

async function nodeIfPresent(path: string): ReturnType<typeof readDeviceNode> {
  try {
    return nodeOf(await lstat(path, { bigint: true }));
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined; // devices come and go
    throw error;
  }
}

function nodeOf(status: BigIntStats): Awaited<ReturnType<typeof readDeviceNode>> {
  const owner = { fileMode: Number(status.mode & 0o777n), uid: Number(status.uid), gid: Number(status.gid) };
  if (status.isFIFO()) return { type: 'p', ...owner };
  if (!status.isCharacterDevice() && !status.isBlockDevice()) return undefined;
  return { type: status.isBlockDevice() ? 'b' : 'c', ...deviceNumbers(status.rdev), ...owner };
}

/** As in gnu_dev_major and gnu_dev_minor: makedev(3). */
const deviceNumbers = (rdev: bigint): { readonly major: number; readonly minor: number } => ({
  major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
  minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
});

const invalid = (message: string, cause?: unknown): RuntimeError =>
  new RuntimeError('InvalidArgument', message, { operation: 'resolve devices', cause });
