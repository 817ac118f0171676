/** The kernel of the distribution with all its drivers: the one for clouds has no 9p. */
export const KERNEL_META_PACKAGE = 'linux-image-amd64';

/** Modules in the order in which they load: for microvm and PCI machines, what both need, what pods may use. */
export const MODULES = [
  'virtio_ring',
  'virtio',
  'virtio_mmio',
  'virtio_pci_modern_dev',
  'virtio_pci_legacy_dev',
  'virtio_pci',
  'failover',
  'net_failover',
  'virtio_net',
  'virtio_console',
  'netfs',
  'fscache',
  '9pnet',
  '9p',
  '9pnet_virtio',
  'overlay',
  'llc',
  'stp',
  'bridge',
] as const;

export interface GuestProgram {
  readonly package: string;
  readonly name: string;
  /** Where it goes in the guest. */
  readonly path: string;
}

export const PROGRAMS: readonly GuestProgram[] = [
  { package: 'busybox-static', name: 'busybox', path: 'bin/busybox' },
  { package: 'openssh-server', name: 'sshd', path: 'usr/sbin/sshd' },
  { package: 'crun', name: 'crun', path: 'usr/bin/crun' },
  { package: 'conmon', name: 'conmon', path: 'usr/bin/conmon' },
  { package: 'catatonit', name: 'catatonit', path: 'usr/bin/catatonit' },
  { package: 'util-linux', name: 'nsenter', path: 'usr/bin/nsenter' },
  { package: 'util-linux', name: 'unshare', path: 'usr/bin/unshare' },
  { package: 'util-linux', name: 'setpriv', path: 'usr/bin/setpriv' },
];

/** Where the libraries of these programs are, theirs included. */
export const LIBRARY_PACKAGES = [
  'libc6',
  'libaudit1',
  'libcap2',
  'libcap-ng0',
  'libcom-err2',
  'libcrypt1',
  'libgcrypt20',
  'libglib2.0-0',
  'libgpg-error0',
  'libgssapi-krb5-2',
  'libk5crypto3',
  'libkeyutils1',
  'libkrb5-3',
  'libkrb5support0',
  'liblz4-1',
  'liblzma5',
  'libnsl2',
  'libpam0g',
  'libpcre2-8-0',
  'libseccomp2',
  'libselinux1',
  'libssl3',
  'libsystemd0',
  'libtirpc3',
  'libwrap0',
  'libyajl2',
  'libzstd1',
  'zlib1g',
] as const;

/** Empty directories of the guest's root. */
export const DIRECTORIES = ['dev', 'newroot', 'proc', 'root', 'run', 'share', 'sys', 'tmp', 'var'] as const;
