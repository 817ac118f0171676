import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoCode } from '@crihub/kernel';
import { formatBytes } from '../../output/bytes.ts';
import { error, type Finding, ok, warning } from '../finding.ts';

/** Of a file system. */
export interface Space {
  readonly type: number;
  readonly bytes: number;
  readonly freeBytes: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

/** `OVERLAYFS_SUPER_MAGIC` and `TMPFS_MAGIC` of `linux/magic.h`. */
const [OVERLAYFS, TMPFS] = [0x794c7630, 0x01021994];
/** The kubelet begins to evict pods at 15 % free for images, 10 % for the rest. */
const [LOW, EMPTY] = [0.15, 0.05];

/** Where the daemon keeps its state, or will. */
export async function checkDisk(stateDirectory: string): Promise<readonly Finding[]> {
  const { type, bsize, blocks, bavail, files, ffree } = await statfs(await existingParent(stateDirectory));
  const space = { type, bytes: blocks * bsize, freeBytes: bavail * bsize, inodes: files, freeInodes: ffree };
  return judgeSpace(stateDirectory, space);
}

export function judgeSpace(directory: string, space: Space): readonly Finding[] {
  const findings = [
    judgeShare(`${formatBytes(space.freeBytes)} free in ${directory}`, space.freeBytes / space.bytes),
  ];
  // Some file systems make inodes as they go, and tell none.
  if (space.inodes > 0) {
    findings.push(
      judgeShare(`${String(space.freeInodes)} inodes free in ${directory}`, space.freeInodes / space.inodes),
    );
  }
  if (space.type === OVERLAYFS) {
    const message = `${directory} is on overlayfs, which can't hold the layers of images`;
    findings.push(
      error('disk', message, 'set stateDirectory to a directory on ext4, xfs or another real file system'),
    );
  }
  if (space.type === TMPFS) {
    const message = `${directory} is in memory, and gone after a reboot`;
    findings.push(warning('disk', message, 'set stateDirectory to a directory on a disk'));
  }
  return findings;
}

function judgeShare(what: string, share: number): Finding {
  const message = `${what} (${(share * 100).toFixed(0)} %)`;
  const advice = 'free some space: remove images that are not used (crihub images rm), or enlarge the disk';
  if (share < EMPTY) return error('disk', message, advice);
  return share < LOW ? warning('disk', message, advice) : ok('disk', message);
}

async function existingParent(path: string): Promise<string> {
  for (let current = path; ; current = dirname(current)) {
    try {
      await statfs(current);
      return current;
    } catch (cause) {
      if (errnoCode(cause) !== 'ENOENT' || current === '/') throw cause;
    }
  }
}
