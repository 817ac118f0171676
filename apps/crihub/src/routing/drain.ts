import { AdminService, DrainRequest } from '@crihub/wire/admin';
import type { Context } from '../context.ts';

/** `crihub drain`, `crihub undrain` */
export async function drain(context: Context, handler: string, drained: boolean): Promise<void> {
  const terminal = context.terminal();
  const { pods } = await context.withNode((node) =>
    node.call(AdminService.drain, DrainRequest.create({ handler, drained })),
  );
  if (terminal.format === 'json') return await terminal.print(JSON.stringify({ handler, drained, pods }));
  await terminal.print(
    drained
      ? `${handler} takes no new pods; pods that run on: ${String(pods)}`
      : `${handler} takes new pods; pods that it has: ${String(pods)}`,
  );
}
