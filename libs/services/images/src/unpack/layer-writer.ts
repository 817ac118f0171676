import { mknodSync } from '@crihub/linux/sync';
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { refused, tooLarge } from '../content-error.ts';
import { setAttributes } from './attributes.ts';
import { printable, toPath } from './byte-string.ts';
import { entryPath } from './entry-path.ts';
import type { LayerLimits } from './layer-limits.ts';
import { LayerTree } from './layer-tree.ts';
import type { TarEntry, TarSink } from './tar-parser.ts';
import { parseWhiteout } from './whiteout.ts';

export interface LayerWriterOptions {
  /** An empty directory that belongs to this layer alone. */
  readonly directory: string;
  readonly limits: LayerLimits;
  /** Whether device nodes are made as the archive has them, or refused. */
  readonly allowDevices: boolean;
}

/** What a layer takes on disk. */
export interface LayerUsage {
  readonly bytes: number;
  readonly inodes: number;
}

const EXCLUSIVE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const SET_GROUP_ID = 0o2000;
const FILE_SYSTEM_BLOCK = 4096;
// Seconds; every file system of today holds times up to the year 2242.
const MAX_TIME = 2 ** 33;

/** Writes the members of a layer archive as files for overlayfs. Synchronous: for a worker thread only. */
export class LayerWriter implements TarSink {
  readonly #tree: LayerTree;
  readonly #options: LayerWriterOptions;
  readonly #directoryTimes = new Map<string, number>();
  readonly #umask = process.umask();
  #open: { readonly fd: number; readonly entry: TarEntry; readonly path: string } | undefined;
  #setgidSeen = false;
  #entries = 0;
  #bytes = 0;
  #inodes = 1;

  constructor(options: LayerWriterOptions) {
    this.#tree = new LayerTree(options.directory);
    this.#options = options;
  }

  entry(entry: TarEntry): void {
    this.#entries += 1;
    if (this.#entries > this.#options.limits.maxLayerEntries) {
      throw tooLarge(
        `the layer has more than ${String(this.#options.limits.maxLayerEntries)} entries; maxLayerEntries raises the limit`,
      );
    }
    const path = entryPath(entry.name);
    const whiteout = parseWhiteout(path);
    if (whiteout === undefined) this.#write(path, entry);
    else if (whiteout.kind === 'remove') this.#tree.whiteOut(whiteout.path);
    else if (whiteout.kind === 'opaque') this.#tree.makeOpaque(whiteout.directory);
  }

  data(chunk: Buffer): void {
    // A whiteout may have a payload, which means nothing.
    if (this.#open === undefined) return;
    for (let offset = 0; offset < chunk.length;) offset += writeSync(this.#open.fd, chunk, offset);
  }

  end(): void {
    if (this.#open === undefined) return;
    const { fd, entry, path } = this.#open;
    try {
      this.#finishFile(fd, entry, path);
    } finally {
      this.#open = undefined;
      closeSync(fd);
    }
  }

  /** Sets what can only be set once all is written. */
  finish(): LayerUsage {
    for (const [path, time] of this.#directoryTimes) {
      // A later entry may have replaced the directory.
      if (this.#tree.inspect(path)?.isDirectory()) lutimesSync(toPath(this.#tree.locate(path)), time, time);
    }
    return { bytes: this.#bytes, inodes: this.#inodes };
  }

  /** Releases what a failure left open. */
  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #write(path: string, entry: TarEntry): void {
    if (path === '' && entry.type !== 'directory') throw refused('the archive replaces its own root');
    if (entry.type !== 'hardlink') this.#inodes += 1;
    switch (entry.type) {
      case 'file':
        return this.#openFile(path, entry);
      case 'directory':
        return this.#directory(path, entry);
      case 'symlink':
        return this.#symlink(path, entry);
      case 'hardlink':
        return this.#hardlink(path, entry);
      case 'character':
      case 'block':
      case 'fifo':
        return this.#node(path, entry);
    }
  }

  #openFile(path: string, entry: TarEntry): void {
    this.#tree.place(path, (target) => {
      this.#open = { fd: openSync(target, EXCLUSIVE, entry.mode & 0o777), entry, path };
    });
    this.#bytes += Math.ceil(entry.size / FILE_SYSTEM_BLOCK) * FILE_SYSTEM_BLOCK;
  }

  #finishFile(fd: number, entry: TarEntry, path: string): void {
    const owned = this.#needsOwner(entry);
    if (owned) fchownSync(fd, entry.uid, entry.gid);
    // Changing the owner clears the set-uid bits, and open() knows neither them nor what the umask took.
    if (owned || (entry.mode & (this.#umask | 0o7000)) !== 0) fchmodSync(fd, entry.mode);
    if (entry.attributes.size > 0) setAttributes(this.#tree.locate(path), entry.attributes);
    const time = timeOf(entry);
    futimesSync(fd, time, time);
  }

  #directory(path: string, entry: TarEntry): void {
    this.#tree.makeDirectory(path, entry.mode & 0o777);
    this.#bytes += FILE_SYSTEM_BLOCK;
    const target = toPath(this.#tree.locate(path));
    lchownSync(target, entry.uid, entry.gid);
    chmodSync(target, entry.mode);
    this.#setgidSeen ||= (entry.mode & SET_GROUP_ID) !== 0;
    if (entry.attributes.size > 0) setAttributes(this.#tree.locate(path), entry.attributes);
    this.#directoryTimes.set(path, timeOf(entry));
  }

  #symlink(path: string, entry: TarEntry): void {
    if (entry.linkName === '' || entry.linkName.includes('\0')) {
      throw refused(`the symbolic link ${printable(path)} has no valid target`);
    }
    this.#tree.place(path, (target) => symlinkSync(toPath(entry.linkName), target));
    this.#finishNode(path, entry);
  }

  #hardlink(path: string, entry: TarEntry): void {
    const source = entryPath(entry.linkName);
    if (source === path) throw refused(`the hard link ${printable(path)} points to itself`);
    const there = this.#tree.inspect(source);
    if (there === undefined || there.isDirectory()) {
      throw refused(
        `the hard link ${printable(path)} points to ${printable(entry.linkName)}, which is no file of this layer`,
      );
    }
    const from = toPath(this.#tree.locate(source));
    this.#tree.place(path, (target) => linkSync(from, target));
  }

  #node(path: string, entry: TarEntry): void {
    if (entry.type !== 'fifo' && !this.#options.allowDevices) {
      throw refused(`the layer has the device node ${printable(path)}, and allowDevices is off`);
    }
    const type =
      entry.type === 'character'
        ? constants.S_IFCHR
        : entry.type === 'block'
          ? constants.S_IFBLK
          : constants.S_IFIFO;
    this.#tree.place(path, (target) =>
      mknodSync(target, type | (entry.mode & 0o777), entry.major, entry.minor),
    );
    lchownSync(toPath(this.#tree.locate(path)), entry.uid, entry.gid);
    chmodSync(toPath(this.#tree.locate(path)), entry.mode);
    this.#finishNode(path, entry);
  }

  #finishNode(path: string, entry: TarEntry): void {
    const target = toPath(this.#tree.locate(path));
    if (entry.type === 'symlink' && this.#needsOwner(entry)) lchownSync(target, entry.uid, entry.gid);
    if (entry.attributes.size > 0) setAttributes(this.#tree.locate(path), entry.attributes);
    const time = timeOf(entry);
    lutimesSync(target, time, time);
  }

  /** Files are born as root's, unless a set-gid directory hands its group down. */
  #needsOwner({ uid, gid }: TarEntry): boolean {
    return uid !== 0 || gid !== 0 || this.#setgidSeen || process.getuid?.() !== 0;
  }
}

/** Times that the file system can't hold become 1970, as in containerd. */
const timeOf = ({ mtime }: TarEntry): number => (mtime >= 0 && mtime < MAX_TIME ? mtime : 0);
