import { mknodSync } from '@crihub/linux/sync';
import { errnoCode } from '@crihub/kernel';
import { constants, lstatSync, mkdirSync, rmSync, type Stats } from 'node:fs';
import { refused } from '../content-error.ts';
import { setOpaque } from './attributes.ts';
import { fromText, printable, toPath } from './byte-string.ts';
import { parentOf } from './entry-path.ts';

const IMPLICIT_MODE = 0o755;

/**
 * The directory that one layer is unpacked into. Every path is checked component by component, so nothing
 * is ever made through a symbolic link; directories once checked are remembered. Paths are byte strings
 * as `entryPath` returns them.
 */
export class LayerTree {
  readonly #root: string;
  readonly #directories = new Set<string>(['']);

  constructor(root: string) {
    this.#root = fromText(root);
  }

  /** The place of a path in the file system, as a byte string. */
  locate(path: string): string {
    return path === '' ? this.#root : `${this.#root}/${path}`;
  }

  /** Makes sure that the parent of `path` is a directory of this layer; makes it if the archive did not. */
  ensureParent(path: string): void {
    this.#ensureDirectory(parentOf(path));
  }

  /** Makes a directory, or takes the one that is there; anything else in its place goes. */
  makeDirectory(path: string, mode: number): void {
    if (this.#directories.has(path)) return;
    this.ensureParent(path);
    const target = toPath(this.locate(path));
    try {
      mkdirSync(target, mode);
    } catch (error) {
      if (errnoCode(error) !== 'EEXIST') throw error;
      const there = lstatSync(target);
      if (!there.isDirectory()) {
        this.#replaceByDirectory(path, there, mode);
      }
    }
    this.#directories.add(path);
  }

  /** Makes anything but a directory with `make`; what an earlier entry put there goes. */
  place(path: string, make: (target: string | Buffer) => void): void {
    this.ensureParent(path);
    const target = toPath(this.locate(path));
    try {
      make(target);
    } catch (error) {
      if (errnoCode(error) !== 'EEXIST') throw error;
      this.#remove(path);
      make(target);
    }
  }

  /** What is at a path, if it can be reached without a symbolic link. */
  inspect(path: string): Stats | undefined {
    if (!this.#isDirectory(parentOf(path))) return undefined;
    return lstatSync(toPath(this.locate(path)), { throwIfNoEntry: false });
  }

  /** Hides a name of the lower layers. What this layer itself has there stays, and hides them too. */
  whiteOut(path: string): void {
    this.ensureParent(path);
    const there = this.inspect(path);
    if (there?.isDirectory()) setOpaque(this.locate(path));
    if (there === undefined) mknodSync(toPath(this.locate(path)), constants.S_IFCHR, 0, 0);
  }

  makeOpaque(directory: string): void {
    this.#ensureDirectory(directory);
    setOpaque(this.locate(directory));
  }

  #ensureDirectory(path: string): void {
    if (this.#directories.has(path)) return;
    this.#ensureDirectory(parentOf(path));
    const there = lstatSync(toPath(this.locate(path)), { throwIfNoEntry: false });
    if (there !== undefined && !there.isDirectory() && !isWhiteout(there)) {
      throw refused(`the archive puts a file below ${printable(path)}, which is ${describe(there)} there`);
    }
    this.makeDirectory(path, IMPLICIT_MODE);
  }

  #isDirectory(path: string): boolean {
    if (this.#directories.has(path)) return true;
    if (!this.#isDirectory(parentOf(path))) return false;
    const there = lstatSync(toPath(this.locate(path)), { throwIfNoEntry: false });
    if (there?.isDirectory() !== true) return false;
    this.#directories.add(path);
    return true;
  }

  /** A directory made again in the place of a whiteout must still hide the one of the lower layers. */
  #replaceByDirectory(path: string, there: Stats, mode: number): void {
    this.#remove(path);
    mkdirSync(toPath(this.locate(path)), mode);
    if (isWhiteout(there)) setOpaque(this.locate(path));
  }

  #remove(path: string): void {
    rmSync(toPath(this.locate(path)), { recursive: true, force: true });
    if (!this.#directories.delete(path)) return;
    for (const directory of this.#directories) {
      if (directory.startsWith(`${path}/`)) this.#directories.delete(directory);
    }
  }
}

const isWhiteout = (stats: Stats): boolean => stats.isCharacterDevice() && stats.rdev === 0;

const describe = (stats: Stats): string => (stats.isSymbolicLink() ? 'a symbolic link' : 'not a directory');
