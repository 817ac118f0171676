import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainSecurity } from '../testing/spec-fixture.ts';
import { resolveDevices } from './resolve-devices.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-devices-'));
  await symlink('/dev/zero', join(directory, 'link'));
  await writeFile(join(directory, 'file'), '');
  await mkdir(join(directory, 'empty'));
});
afterAll(() => rm(directory, { recursive: true }));

const resolve = (hostPath: string, containerPath = '/dev/x', permissions = 'rw') =>
  resolveDevices({ security: plainSecurity, devices: [{ hostPath, containerPath, permissions }] });

describe('resolveDevices', () => {
  it('finds numbers, mode and owner of a device', async () => {
    const { uid, gid, mode } = await stat('/dev/null');
    expect(await resolve('/dev/null')).toEqual([
      { path: '/dev/x', type: 'c', major: 1, minor: 3, fileMode: mode & 0o777, uid, gid, permissions: 'rw' },
    ]);
  });

  it('follows a link of the host', async () => {
    expect(await resolve(join(directory, 'link'))).toMatchObject([{ path: '/dev/x', major: 1, minor: 5 }]);
  });

  it('takes a directory for all devices in it', async () => {
    expect(await resolve(join(directory, 'empty'))).toEqual([]);
    const all = await resolve('/dev', '/host/dev', 'r');
    expect(all).toContainEqual(
      expect.objectContaining({ path: '/host/dev/null', minor: 3, permissions: 'r' }),
    );
  });

  it.each([
    ['a missing device', '/dev/no-such-device', 'rw', /there is no device \/dev\/no-such-device/],
    ['a file', 'file', 'rw', /file is not a device/],
    ['unknown permissions', '/dev/null', 'rx', /"rx" of the device \/dev\/null must be/],
    ['no permissions', '/dev/null', '', /must be some of r, w and m/],
  ])('refuses %s', async (_sentence, path, permissions, message) => {
    const failed = resolve(path === 'file' ? join(directory, path) : path, '/dev/x', permissions);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toMatchObject({ kind: 'InvalidArgument' });
  });

  it("gives a privileged container all of the host's, and what it asks for besides", async () => {
    const devices = await resolveDevices({
      security: { ...plainSecurity, privileged: true },
      devices: [{ hostPath: '/dev/null', containerPath: '/dev/void', permissions: 'r' }],
    });
    const paths = devices.map((device) => device.path);
    expect(paths).toEqual(expect.arrayContaining(['/dev/null', '/dev/tty', '/dev/void']));
    expect(paths.filter((path) => /^\/dev\/(pts|shm|mqueue|console|ptmx)/.test(path))).toEqual([]);
    expect(devices.find((device) => device.path === '/dev/null')?.permissions).toBe('rwm');
  });
});
