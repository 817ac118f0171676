import { RuntimeError } from '@crihub/kernel';
import { ImageServiceService, ImageStatusRequest, RemoveImageRequest } from '@crihub/wire/cri';
import type { NodeClient } from '../client/node-client.ts';
import type { Context } from '../context.ts';
import type { Column } from '../output/table.ts';

interface RemovedImage {
  readonly reference: string;
  readonly id: string;
}

const COLUMNS: readonly Column<RemovedImage>[] = [
  { head: 'REMOVED', cell: ({ reference }) => reference },
  { head: 'ID', cell: ({ id }) => id },
];

/** `crihub images rm`: one after the other, up to the first that can't be removed. */
export async function removeImages(context: Context, references: readonly string[]): Promise<void> {
  const terminal = context.terminal();
  const removed: RemovedImage[] = [];
  try {
    await context.withNode(async (node) => {
      for (const reference of references) removed.push({ reference, id: await remove(node, reference) });
    });
  } finally {
    if (removed.length > 0) await terminal.showRows(removed, COLUMNS, '');
  }
}

/** To the CRI an absent image is removed; an operator wants to hear of the slip. */
async function remove(node: NodeClient, reference: string): Promise<string> {
  const spec = { image: { image: reference } };
  const status = await node.call(ImageServiceService.imageStatus, ImageStatusRequest.create(spec));
  if (status.image === undefined) {
    throw new RuntimeError(
      'NotFound',
      `image ${reference} is not on this node; 'crihub images list' shows those that are`,
    );
  }
  await node.call(ImageServiceService.removeImage, RemoveImageRequest.create(spec));
  return status.image.id;
}
