import type { ProcessUser } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import { type Account, type Group, readAccounts, readGroups } from './account-files.ts';

/** Who a container shall run as: the CRI request's wishes, and the image's. */
export interface UserRequest {
  readonly runAsUser?: number;
  readonly runAsUsername?: string;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  /** `merge` adds the groups of which the image's /etc/group makes the user a member. */
  readonly supplementalGroupsPolicy: 'merge' | 'strict';
  /** The image's `User`: `name`, `uid`, `name:group`, `uid:gid`, …; empty for root. */
  readonly imageUser: string;
}

export interface ResolvedUser {
  /** The primary group is also the first of the additional ones. */
  readonly user: ProcessUser;
  /** From /etc/passwd; `/` for a user that it does not have. */
  readonly home: string;
}

interface Accounts {
  readonly users: readonly Account[];
  readonly groups: readonly Group[];
}

// What fits kernel and runtimes alike: they take ids as signed 32-bit numbers.
const MAX_ID = 2 ** 31 - 1;

/**
 * The ids of a container's user, from the users and groups of its root filesystem. A number need not be
 * known there; a name must be.
 * @throws InvalidArgument for a group without a user or an id out of range, FailedPrecondition for a name
 *   that the image does not know.
 */
export async function resolveUser(rootfs: string, request: UserRequest): Promise<ResolvedUser> {
  const [userPart, groupPart] = wanted(request);
  const [users, groups] = await Promise.all([readAccounts(rootfs), readGroups(rootfs)]);
  const accounts: Accounts = { users, groups };
  const { uid, account } = findUser(userPart, accounts);
  const gid = groupPart === '' ? (account?.gid ?? 0) : findGroup(groupPart, accounts);
  const memberOf = request.supplementalGroupsPolicy === 'merge' ? groupsOf(account, accounts) : [];
  const supplemental = request.supplementalGroups.map((id) => checkedId(id, 'supplemental group'));
  const additionalGids = [...new Set([gid, ...memberOf, ...supplemental])];
  return { user: { uid, gid, additionalGids }, home: homeOf(account) };
}

function wanted(request: UserRequest): readonly [user: string, group: string] {
  const { runAsUser, runAsUsername = '', runAsGroup, imageUser } = request;
  const asked = runAsUser === undefined ? runAsUsername : String(runAsUser);
  if (asked === '' && runAsGroup !== undefined) {
    throw invalid(`a group (${String(runAsGroup)}) can be given only together with a user`);
  }
  if (asked !== '') return [asked, runAsGroup === undefined ? '' : String(runAsGroup)];
  const [user = '', group = ''] = imageUser.trim().split(':');
  return [user === '' ? '0' : user, group];
}

function findUser(
  part: string,
  { users }: Accounts,
): { readonly uid: number; readonly account: Account | undefined } {
  if (!isNumber(part)) {
    const account = users.find((user) => user.name === part);
    if (account === undefined) throw unknown('user', part, '/etc/passwd');
    return { uid: checkedId(account.uid, 'user'), account };
  }
  const uid = checkedId(Number(part), 'user');
  return { uid, account: users.find((user) => user.uid === uid) };
}

function findGroup(part: string, { groups }: Accounts): number {
  if (isNumber(part)) return checkedId(Number(part), 'group');
  const group = groups.find((candidate) => candidate.name === part);
  if (group === undefined) throw unknown('group', part, '/etc/group');
  return checkedId(group.gid, 'group');
}

const groupsOf = (account: Account | undefined, { groups }: Accounts): readonly number[] =>
  account === undefined
    ? []
    : groups.filter(({ members }) => members.includes(account.name)).map(({ gid }) => gid);

const homeOf = (account: Account | undefined): string =>
  account === undefined || account.home === '' ? '/' : account.home;

const isNumber = (text: string): boolean => /^-?\d+$/.test(text);

function checkedId(id: number, what: string): number {
  if (Number.isInteger(id) && id >= 0 && id <= MAX_ID) return id;
  throw invalid(`the ${what} id ${String(id)} is not between 0 and ${String(MAX_ID)}`);
}

const invalid = (message: string): RuntimeError =>
  new RuntimeError('InvalidArgument', message, { operation: 'resolve user' });

const unknown = (what: string, name: string, file: string): RuntimeError =>
  new RuntimeError(
    'FailedPrecondition',
    `there is no ${what} "${name}" in ${file} of the image; use a numeric id, or an image that has it`,
    { operation: 'resolve user' },
  );
