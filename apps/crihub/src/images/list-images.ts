import { type Image, ImageServiceService, ListImagesRequest } from '@crihub/wire/cri';
import type { Context } from '../context.ts';
import { formatBytes } from '../output/bytes.ts';
import { SHORT_ID } from '../output/short-id.ts';
import type { Column } from '../output/table.ts';

/** An image under one of its names. */
interface NamedImage {
  readonly repository: string;
  readonly tag: string;
  readonly image: Image;
}

const COLUMNS: readonly Column<NamedImage>[] = [
  { head: 'REPOSITORY', cell: ({ repository }) => repository },
  { head: 'TAG', cell: ({ tag }) => tag },
  { head: 'ID', cell: ({ image }) => image.id.replace(/^sha256:/, '').slice(0, SHORT_ID) },
  { head: 'SIZE', cell: ({ image }) => formatBytes(image.size) },
  { head: 'PINNED', cell: ({ image }) => (image.pinned ? 'yes' : '') },
];

/** `crihub images list` */
export async function listImages(context: Context): Promise<void> {
  const terminal = context.terminal();
  const { images } = await context.withNode((node) =>
    node.call(ImageServiceService.listImages, ListImagesRequest.create()),
  );
  if (terminal.format === 'json') await terminal.print(JSON.stringify(images.map(jsonOf), null, 2));
  else await terminal.showRows(images.flatMap(namesOf).toSorted(byName), COLUMNS, 'there are no images');
}

/** A row for each tag; an image without one is shown by its digest. */
export function namesOf(image: Image): readonly NamedImage[] {
  if (image.repoTags.length > 0) {
    return image.repoTags.map((name) => {
      const colon = name.lastIndexOf(':');
      return { repository: name.slice(0, colon), tag: name.slice(colon + 1), image };
    });
  }
  const repository = image.repoDigests[0]?.split('@')[0] ?? '';
  return [{ repository, tag: '', image }];
}

const byName = (one: NamedImage, other: NamedImage): number =>
  one.repository.localeCompare(other.repository) || one.tag.localeCompare(other.tag);

const jsonOf = ({ id, repoTags, repoDigests, size, pinned }: Image): object => ({
  id,
  tags: repoTags,
  digests: repoDigests,
  sizeBytes: Number(size),
  pinned,
});
