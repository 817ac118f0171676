import { RuntimeError } from '@crihub/kernel';
import { AdminService, PullImageRequest } from '@crihub/wire/admin';
import type { Context } from '../context.ts';
import { type CredentialOptions, readCredentials } from './credentials.ts';
import { pullDisplay } from './pull-display.ts';

/** `crihub images pull` */
export async function pullImage(
  context: Context,
  reference: string,
  options: CredentialOptions,
): Promise<void> {
  const terminal = context.terminal();
  const credentials = await readCredentials(options, context.stdin);
  const request = PullImageRequest.create({ reference, ...(credentials && { credentials }) });
  let id = '';
  await context.withNode(async (node) => {
    using display = pullDisplay(reference, terminal);
    for await (const news of node.stream(AdminService.pullImage, request)) {
      await display.show(news);
      id = news.imageId;
    }
  });
  if (id === '')
    throw new RuntimeError('Internal', `crihubd ended the pull of ${reference} without an image`);
  await terminal.print(terminal.format === 'json' ? JSON.stringify({ reference, id }, null, 2) : id);
}
