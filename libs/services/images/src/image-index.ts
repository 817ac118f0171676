import { RuntimeError } from '@crihub/kernel';
import { CountedSet } from './counted-set.ts';
import type { Digest } from './digest.ts';
import type { ImageRecord } from './image.ts';
import { parseReference, type Reference } from './reference.ts';

// Shorter prefixes hit by accident.
const MIN_PREFIX_LENGTH = 4;

/** The images in memory, findable by id, prefix of an id, tag and digest. */
export class ImageIndex {
  readonly #byId = new Map<Digest, ImageRecord>();
  readonly #byName = new Map<string, Digest>();
  readonly #damaged = new Map<Digest, ImageRecord>();
  readonly #uses = new CountedSet<Digest>();

  get records(): readonly ImageRecord[] {
    return [...this.#byId.values()];
  }

  byId(id: Digest): ImageRecord | undefined {
    return this.#byId.get(id);
  }

  /** The image that a canonical name with tag or digest stands for. */
  byName(text: string): ImageRecord | undefined {
    const id = this.#byName.get(text);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  put(record: ImageRecord): void {
    this.delete(record.id);
    this.#byId.set(record.id, record);
    this.#uses.add(contentOf(record));
    for (const name of [...record.repoTags, ...record.repoDigests]) this.#byName.set(name, record.id);
  }

  delete(id: Digest): void {
    const record = this.#byId.get(id) ?? this.#damaged.get(id);
    if (record === undefined) return;
    this.#byId.delete(id);
    this.#damaged.delete(id);
    this.#uses.remove(contentOf(record));
    for (const name of [...record.repoTags, ...record.repoDigests]) {
      if (this.#byName.get(name) === id) this.#byName.delete(name);
    }
  }

  /**
   * Hides an image that lacks a layer, so that it is pulled again. What it still has counts as used:
   * containers may run on it.
   */
  hide(record: ImageRecord): void {
    this.delete(record.id);
    this.#damaged.set(record.id, record);
    this.#uses.add(contentOf(record));
  }

  /** Whether an image, hidden or not, needs this blob or layer. */
  uses(digest: Digest): boolean {
    return this.#uses.has(digest);
  }

  /**
   * Finds what a user means: a whole id, a name, or a unique prefix of an id, in this order.
   * @throws InvalidArgument if it can be none of them, or if a prefix fits several images.
   */
  find(text: string): ImageRecord | undefined {
    const byPrefix = this.#byPrefix(text);
    let reference: Reference;
    try {
      reference = parseReference(text);
    } catch (error) {
      if (byPrefix !== undefined) return byPrefix();
      throw error;
    }
    if (reference.kind === 'id') return this.#byId.get(reference.id);
    return this.byName(reference.text) ?? byPrefix?.();
  }

  /** A look-up by prefix, if the text may be one. */
  #byPrefix(text: string): (() => ImageRecord | undefined) | undefined {
    const hex = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(text)?.[1];
    if (hex === undefined || hex.length < MIN_PREFIX_LENGTH) return undefined;
    return () => {
      const found = this.records.filter(({ id }) => id.startsWith(`sha256:${hex}`));
      if (found.length <= 1) return found[0];
      throw new RuntimeError(
        'InvalidArgument',
        `"${text}" is the start of ${String(found.length)} image ids: write more digits`,
      );
    };
  }
}

const contentOf = ({ id, manifestDigest, layers }: ImageRecord): readonly Digest[] => [
  id,
  manifestDigest,
  ...layers.flatMap(({ diffId, digest }) => [diffId, digest]),
];
