import { resolve } from 'node:path';
import { AdminService, LoadImagesRequest } from '@crihub/wire/admin';
import type { Context } from '../context.ts';

/** `crihub images load`: the daemon reads the file itself, however long that takes. */
export async function loadImages(context: Context, file: string): Promise<void> {
  const terminal = context.terminal();
  const request = LoadImagesRequest.create({ path: resolve(file) });
  const { images } = await context.withNode((node) =>
    node.call(AdminService.loadImages, request, { timeoutMs: 0 }),
  );
  await terminal.showRows(
    images.map(({ id, tags }) => ({ id, tags })),
    [
      { head: 'IMAGE', cell: ({ tags }) => tags.join(', ') },
      { head: 'ID', cell: ({ id }) => id },
    ],
    `${file} has no image for this machine`,
  );
}
