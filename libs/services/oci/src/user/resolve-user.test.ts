import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveUser, type UserRequest } from './resolve-user.ts';

let directory: string;
let root: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-user-'));
  root = await rootWith('root', {
    passwd:
      'root:x:0:0:root:/root:/bin/sh\n# comment\nbroken\nweb:x:1000:2000::/home/web:/bin/sh\nbare:x:1001:1001\n' +
      'same:x:1000:9:::\nhuge:x:4294967295:0:::\n',
    group: 'root:x:0:root\nwheel:x:10:root,web\nweb:x:2000:\nlogs:x:30: web , other\nbroken:x:y:web\n',
  });
});
afterAll(() => rm(directory, { recursive: true }));

async function rootWith(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(directory, name);
  await mkdir(join(path, 'etc'), { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(path, 'etc', file), text);
  return path;
}

const request = (changes: Partial<UserRequest>): UserRequest => ({
  supplementalGroups: [],
  supplementalGroupsPolicy: 'merge',
  imageUser: '',
  ...changes,
});

describe('resolveUser', () => {
  it.each<[string, Partial<UserRequest>, uid: number, gid: number, groups: readonly number[], home: string]>([
    ['root for nothing, with the groups of root', {}, 0, 0, [0, 10], '/root'],
    ["the image's user by name", { imageUser: 'web' }, 1000, 2000, [2000, 10, 30], '/home/web'],
    [
      "the image's user by id, with the group of passwd",
      { imageUser: '1000' },
      1000,
      2000,
      [2000, 10, 30],
      '/home/web',
    ],
    ["the image's user and group by name", { imageUser: 'web:logs' }, 1000, 30, [30, 10], '/home/web'],
    ["the image's user and group by id", { imageUser: '7:8' }, 7, 8, [8], '/'],
    ['a name with a numeric group', { imageUser: 'web:77' }, 1000, 77, [77, 10, 30], '/home/web'],
    ['an unknown id in group 0', { imageUser: '4242' }, 4242, 0, [0], '/'],
    ['an id without a home', { runAsUser: 1001 }, 1001, 1001, [1001], '/'],
    [
      "runAsUser over the image's user and group",
      { runAsUser: 1000, imageUser: '7:8' },
      1000,
      2000,
      [2000, 10, 30],
      '/home/web',
    ],
    ["runAsUser 0 over the image's user", { runAsUser: 0, imageUser: 'web' }, 0, 0, [0, 10], '/root'],
    ['runAsUsername', { runAsUsername: 'web' }, 1000, 2000, [2000, 10, 30], '/home/web'],
    ['runAsGroup', { runAsUser: 1000, runAsGroup: 5 }, 1000, 5, [5, 10, 30], '/home/web'],
    [
      'supplemental groups after those of the image',
      { runAsUser: 1000, supplementalGroups: [99, 30] },
      1000,
      2000,
      [2000, 10, 30, 99],
      '/home/web',
    ],
    [
      'with the strict policy only groups that the pod names',
      { runAsUser: 1000, supplementalGroups: [99], supplementalGroupsPolicy: 'strict' },
      1000,
      2000,
      [2000, 99],
      '/home/web',
    ],
  ])('is %s', async (_sentence, changes, uid, gid, additionalGids, home) => {
    expect(await resolveUser(root, request(changes))).toEqual({ user: { uid, gid, additionalGids }, home });
  });

  it.each<[string, Partial<UserRequest>, string, RegExp]>([
    ['an unknown user', { imageUser: 'nobody' }, 'FailedPrecondition', /no user "nobody" in \/etc\/passwd/],
    [
      'an unknown group',
      { imageUser: 'web:staff' },
      'FailedPrecondition',
      /no group "staff" in \/etc\/group/,
    ],
    [
      'a group without a user',
      { runAsGroup: 5, imageUser: 'web' },
      'InvalidArgument',
      /together with a user/,
    ],
    ['a negative id', { runAsUser: -1 }, 'InvalidArgument', /user id -1 is not between/],
    ["an id beyond the kernel's", { imageUser: '4294967295' }, 'InvalidArgument', /user id 4294967295/],
    ['such an id from the image', { imageUser: 'huge' }, 'InvalidArgument', /user id 4294967295/],
    ['such a group', { runAsUser: 1, runAsGroup: 2 ** 31 }, 'InvalidArgument', /group id 2147483648/],
    [
      'such a supplemental group',
      { supplementalGroups: [-5] },
      'InvalidArgument',
      /supplemental group id -5/,
    ],
  ])('refuses %s', async (_sentence, changes, kind, message) => {
    const failed = resolveUser(root, request(changes));
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toMatchObject({ kind });
  });

  it('needs no users or groups for numeric ids', async () => {
    const empty = await rootWith('empty', {});
    expect((await resolveUser(empty, request({ runAsUser: 5, runAsGroup: 6 }))).user).toEqual({
      uid: 5,
      gid: 6,
      additionalGids: [6],
    });
  });

  it('reads files of the image, not those of the host that its links name', async () => {
    const evil = await rootWith('evil', { 'inside-passwd': 'web:x:1:1:::\n' });
    await symlink('/etc/inside-passwd', join(evil, 'etc/passwd'));
    await symlink('../../../../../../../../../../etc/hostname', join(evil, 'etc/group'));
    expect((await resolveUser(evil, request({ imageUser: 'web' }))).user.uid).toBe(1);
    await expect(resolveUser(evil, request({ imageUser: 'web:adm' }))).rejects.toThrow(/no group "adm"/);
  });

  it('does not hang on a FIFO in the place of a file', async () => {
    const odd = await rootWith('fifo', {});
    execFileSync('mkfifo', [join(odd, 'etc/passwd')]);
    await expect(resolveUser(odd, request({}))).rejects.toThrow(/not a regular file/);
  });

  it('refuses a file without bounds', async () => {
    const big = await rootWith('big', { passwd: '' });
    await truncate(join(big, 'etc/passwd'), 9 * 1024 * 1024);
    await expect(resolveUser(big, request({}))).rejects.toThrow(/more than the 8388608 allowed/);
  });
});
