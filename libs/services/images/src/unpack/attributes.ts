import { lsetxattrSync } from '@crihub/linux/sync';
import { errnoCode } from '@crihub/kernel';
import { refused } from '../content-error.ts';
import { printable, toPath } from './byte-string.ts';

const OPAQUE = 'trusted.overlay.opaque';

/**
 * Sets the extended attributes that an image may bring: `security.capability`, POSIX ACLs and `user.*`.
 * Labels of security modules belong to the machine that built the image and are left out.
 * @throws FailedPrecondition for attributes that overlayfs would obey.
 */
export function setAttributes(path: string, attributes: ReadonlyMap<string, Buffer>): void {
  for (const [name, value] of attributes) {
    if (/^(trusted|user)\.overlay\./.test(name)) {
      throw refused(`an entry carries the attribute ${printable(name)}, which would steer overlayfs`);
    }
    if (/^(security\.capability$|user\.|system\.posix_acl_)/.test(name)) setAttribute(path, name, value);
  }
}

/** Hides what lower layers have in this directory (kernel: filesystems/overlayfs.rst). */
export const setOpaque = (path: string): void => lsetxattrSync(toPath(path), OPAQUE, Buffer.from('y'));

function setAttribute(path: string, name: string, value: Buffer): void {
  try {
    lsetxattrSync(toPath(path), name, value);
  } catch (error) {
    // A file system without ACLs, or a user attribute on a symbolic link: tar and containerd go on too.
    const tolerated =
      name !== 'security.capability' && ['ENOTSUP', 'EOPNOTSUPP', 'EPERM'].includes(errnoCode(error) ?? '');
    if (!tolerated) throw error;
  }
}
