import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveInRoot } from './resolve-in-root.ts';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'crihub-root-'));
  await mkdir(join(root, 'usr/etc'), { recursive: true });
  await writeFile(join(root, 'usr/etc/passwd'), '');
  await symlink('usr/etc', join(root, 'etc'));
  await symlink('/usr/etc', join(root, 'absolute'));
  await symlink('../../../../../../etc', join(root, 'usr/up'));
  await symlink('/../../usr', join(root, 'away'));
  await symlink('loop', join(root, 'loop'));
});
afterAll(() => rm(root, { recursive: true }));

describe('resolveInRoot', () => {
  it.each([
    ['/usr/etc/passwd', 'usr/etc/passwd'],
    ['/etc/passwd', 'usr/etc/passwd'],
    ['/absolute/passwd', 'usr/etc/passwd'],
    ['/usr/up/passwd', 'usr/etc/passwd'],
    ['/away/etc', 'usr/etc'],
    ['/../../../etc/passwd', 'usr/etc/passwd'],
    ['/etc/../passwd', 'usr/passwd'], // as the kernel: `..` of what the link names
    ['/missing/../etc/./x//y', 'usr/etc/x/y'],
    ['/usr/etc/passwd/x', 'usr/etc/passwd/x'],
    ['', ''],
  ])('%s is %s', async (path, expected) => {
    expect(await resolveInRoot(root, path)).toBe(join(root, expected));
  });

  it('refuses a loop of links', async () => {
    await expect(resolveInRoot(root, '/loop/x')).rejects.toThrow(/more than 40 symbolic links/);
  });

  it('never leads out of the root', async () => {
    const part = fc.constantFrom('..', '.', 'etc', 'usr', 'up', 'away', 'absolute', 'passwd', 'x');
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
        const resolved = await resolveInRoot(root, parts.join('/'));
        expect(resolved === root || resolved.startsWith(`${root}/`)).toBe(true);
        expect(resolved).not.toContain('..');
      }),
    );
  });
});
